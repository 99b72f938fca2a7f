"""The same seed gives the same ids, keys and answers, with a real client and everything that settles."""

import datetime
import re

from support.account import Account
from support.waiting import eventually

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*Z")


def _timeless(value):
    """An answer without what the clock has to do with, and without the number of the answer."""
    if isinstance(value, dict):
        return {key: _timeless(part) for key, part in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [_timeless(part) for part in value]
    if isinstance(value, datetime.datetime):
        return "a time"
    return TIME.sub("a time", value) if isinstance(value, str) else value


def _history(server):
    """What an account with a partner is told, from an order to a deletion."""
    partner, customer = Account(server, "111111111111"), Account(server, "222222222222")
    port = partner.connection("10Gbps", macsec=True)
    gateway = customer.gateway()
    answers = [port, gateway]
    answers.append(
        partner.dx.allocate_private_virtual_interface(
            connectionId=port["connectionId"], ownerAccount=customer.id,
            newPrivateVirtualInterfaceAllocation={"virtualInterfaceName": "one", "vlan": 101, "asn": 65010},
        )
    )
    vif = answers[-1]["virtualInterfaceId"]
    customer.dx.confirm_private_virtual_interface(
        virtualInterfaceId=vif, directConnectGatewayId=gateway["directConnectGatewayId"]
    )
    answers.append(customer.wait_vif(vif))
    answers.append(
        customer.dx.create_bgp_peer(virtualInterfaceId=vif, newBGPPeer={"asn": 65010, "addressFamily": "ipv6"})
    )
    lag = partner.lag(members=2)["lagId"]
    # It is available with the first of them.
    ready = lambda lag: all(member["connectionState"] == "available" for member in lag["connections"])  # noqa: E731
    answers.append(eventually(lambda: partner.show_lag(lag), ready))
    answers.append(
        partner.dx.associate_mac_sec_key(connectionId=port["connectionId"], ckn="ab" * 32, cak="cd" * 32)
    )
    vpn = customer.vpn_gateway()
    answers.append(customer.associate(gateway["directConnectGatewayId"], vpn))
    eventually(lambda: customer.show_vif(vif), lambda v: all(p["bgpStatus"] == "up" for p in v["bgpPeers"]))
    answers.append(customer.show_vif(vif))
    answers.append(customer.dx.start_bgp_failover_test(virtualInterfaceId=vif))
    answers.append(customer.dx.describe_router_configuration(virtualInterfaceId=vif))
    answers.append(customer.delete_vif(vif))
    return _timeless(answers)


def test_the_same_seed_gives_the_same_history(serve):
    first = _history(serve("--seed", "7", settle="50ms"))
    assert first == _history(serve("--seed", "7", settle="50ms"))
    other = _history(serve("--seed", "8", settle="50ms"))
    assert first[0]["connectionId"] != other[0]["connectionId"]
    assert first[2]["authKey"] != other[2]["authKey"]
