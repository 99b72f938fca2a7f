"""What the API is asked for before packets can flow."""

KEY = "correct-horse"


def addresses(number):
    return {"amazonAddress": f"169.254.{number}.1/30", "customerAddress": f"169.254.{number}.2/30"}


def state(account, vif):
    return account.show_vif(vif)["virtualInterfaceState"]


def private(account, lab, gateway, number, *, name="a", cable=None, hosts=("192.168.77.1/32",), make="private_vif",
            site_mtu=1500, **more):
    """A virtual interface with its VLAN at a customer: its id and how the API describes it. `number` sets its
    addresses and VLAN apart from others; `cable` is what `Lab.connected` gave, else a new one."""
    connection, cable = cable or lab.connected(account)
    fields = {"vlan": 100 + number, "asn": 65_001, "authKey": KEY, **addresses(number), **more}
    vif = getattr(account, make)(connection, wait=None, directConnectGatewayId=gateway, **fields)
    shown = account.show_vif(vif["virtualInterfaceId"])
    shown["interface"] = lab.site(name, cable, fields["vlan"], shown["customerAddress"], hosts=hosts, mtu=site_mtu)
    return shown["virtualInterfaceId"], shown


def vpc_gateway(account, lab, *, asn=64_600, cidr="10.40.0.0/16", host="10.40.1.1/32", **more):
    """A Direct Connect gateway with a VPC behind it: its id, the VPN gateway's, and the VPC's namespace."""
    gateway = account.gateway(asn=asn)["directConnectGatewayId"]
    vgw = account.vpn_gateway(cidr)
    account.associate(gateway, vgw, **more)
    return gateway, vgw, lab.uplink(vgw, host)
