"""An account, its clients, and short ways to the objects that tests start from."""

import functools
import itertools
import json

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.httpsession
import pytest

from . import responses
from .waiting import eventually

REGION = "us-east-1"
OTHER_REGION = "us-west-2"

#: Public addresses for public virtual interfaces; Terraform's tests use the same.
PUBLIC_PEER = {"amazonAddress": "175.45.176.1/30", "customerAddress": "175.45.176.2/30"}
PUBLIC_PREFIXES = [{"cidr": "175.45.176.0/22"}, {"cidr": "210.52.109.0/24"}]

#: Well-formed ids that nobody has.
NO_CONNECTION = "dxcon-fgzzzzz0"
NO_LAG = "dxlag-fgzzzzz0"
NO_VIF = "dxvif-fgzzzzz0"
NO_PEER = "dxpeer-fgzzzzz0"
NO_UUID = "00000000-0000-4000-8000-000000000000"
NO_GROUP = "dxrg-00000000000000000"

_accounts = itertools.count(300_000_000_001)
_vlans = itertools.cycle(range(2, 4094))


def config():
    """No retries, so that a test sees each answer; parameters are validated."""
    return botocore.config.Config(
        retries={"total_max_attempts": 1},
        parameter_validation=True,
        connect_timeout=5,
        read_timeout=30,
    )


def refused(call, *, code="DirectConnectClientException", text=None, containing=None, **arguments):
    """The message of the error that `call` must end in, with HTTP status 400."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400, answer
    message = answer["Error"].get("Message", "")
    if text is not None:
        assert message == text
    if containing is not None:
        assert containing in message, message
    return message


def next_vlan():
    return next(_vlans)


class Account:
    """One account on one server. In open development mode the access key names it."""

    def __init__(self, server, account_id=None, region=REGION):
        self.server = server
        self.id = account_id or str(next(_accounts))
        self.region = region

    # ----- clients -----

    @functools.cache
    def client(self, service, region=None):
        client = boto3.client(
            service,
            endpoint_url=self.server.url,
            region_name=region or self.region,
            aws_access_key_id=self.id,
            aws_secret_access_key="any-secret",
            config=config(),
        )
        if service == "directconnect":
            client.meta.events.register("after-call.direct-connect", _check_answer)
        return client

    @property
    def dx(self):
        return self.client("directconnect")

    @property
    def ec2(self):
        return self.client("ec2")

    @property
    def sts(self):
        return self.client("sts")

    def raw(self, target, body, *, headers=None, method="POST", path="/", service="directconnect", sign=True):
        """A request made by hand, signed like any other; (status, headers, text)."""
        request = botocore.awsrequest.AWSRequest(
            method=method,
            url=f"{self.server.url}{path}",
            data=body if isinstance(body, (bytes, str)) else json.dumps(body),
            headers={"Content-Type": "application/x-amz-json-1.1", **(headers or {})},
        )
        if target is not None:
            request.headers["X-Amz-Target"] = target
        if sign:
            credentials = botocore.credentials.Credentials(self.id, "any-secret")
            botocore.auth.SigV4Auth(credentials, service, self.region).add_auth(request)
        answer = botocore.httpsession.URLLib3Session().send(request.prepare())
        return answer.status_code, answer.headers, answer.text

    # ----- inventory -----

    @functools.cache
    def locations(self, region=None):
        return self.client("directconnect", region).describe_locations()["locations"]

    def location(self, bandwidth="1Gbps", macsec=False, n=0, region=None):
        """Code of the n-th location that offers this speed."""
        speed = bandwidth.removesuffix("bps")
        key = "availableMacSecPortSpeeds" if macsec else "availablePortSpeeds"
        offering = [l["locationCode"] for l in self.locations(region) if speed in l[key]]
        assert len(offering) > n, f"fewer than {n + 1} locations offer {speed} in {region or self.region}"
        return offering[n]

    # ----- connections -----

    def connection(self, bandwidth="1Gbps", *, wait="available", macsec=False, n=0, **more):
        """A dedicated connection, waited for."""
        if macsec:
            more["requestMACSec"] = True
        made = self.dx.create_connection(
            location=more.pop("location", None) or self.location(bandwidth, macsec, n),
            bandwidth=bandwidth,
            connectionName=more.pop("connectionName", "test connection"),
            **more,
        )
        return self.wait_connection(made["connectionId"], wait) if wait else made

    def show_connection(self, connection_id):
        shown = self.dx.describe_connections(connectionId=connection_id)["connections"]
        assert len(shown) == 1, shown
        return shown[0]

    def wait_connection(self, connection_id, state="available"):
        return eventually(
            lambda: self.show_connection(connection_id), lambda c: c["connectionState"] == state, what=state
        )

    def interconnect(self, bandwidth="10Gbps", *, wait="available", n=0, **more):
        made = self.dx.create_interconnect(
            interconnectName="test interconnect",
            bandwidth=bandwidth,
            location=more.pop("location", None) or self.location(bandwidth, n=n),
            **more,
        )
        if not wait:
            return made
        return eventually(
            lambda: self.show_interconnect(made["interconnectId"]),
            lambda i: i["interconnectState"] == wait,
            what=wait,
        )

    def show_interconnect(self, interconnect_id):
        return self.dx.describe_interconnects(interconnectId=interconnect_id)["interconnects"][0]

    def hosted(self, parent_id, customer, *, bandwidth="500Mbps", vlan=None, confirm=True):
        """A hosted connection for `customer` on this partner's parent."""
        made = self.dx.allocate_hosted_connection(
            connectionId=parent_id,
            ownerAccount=customer.id,
            bandwidth=bandwidth,
            connectionName="test hosted connection",
            vlan=vlan or next_vlan(),
        )
        if not confirm:
            return made
        customer.dx.confirm_connection(connectionId=made["connectionId"])
        return customer.wait_connection(made["connectionId"])

    def lag(self, bandwidth="10Gbps", *, members=1, wait="available", macsec=False, **more):
        if macsec:
            more["requestMACSec"] = True
        made = self.dx.create_lag(
            numberOfConnections=members,
            location=more.pop("location", None) or self.location(bandwidth, macsec),
            connectionsBandwidth=bandwidth,
            lagName=more.pop("lagName", "test lag"),
            **more,
        )
        return self.wait_lag(made["lagId"], wait) if wait else made

    def show_lag(self, lag_id):
        shown = self.dx.describe_lags(lagId=lag_id)["lags"]
        assert len(shown) == 1, shown
        return shown[0]

    def wait_lag(self, lag_id, state="available"):
        return eventually(lambda: self.show_lag(lag_id), lambda l: l["lagState"] == state, what=state)

    # ----- gateways -----

    def gateway(self, asn=64600, **more):
        made = self.dx.create_direct_connect_gateway(
            directConnectGatewayName="test gateway", amazonSideAsn=asn, **more
        )["directConnectGateway"]
        return eventually(
            lambda: self.show_gateway(made["directConnectGatewayId"]),
            lambda g: g and g["directConnectGatewayState"] == "available",
            what="available",
        )

    def show_gateway(self, gateway_id):
        shown = self.dx.describe_direct_connect_gateways(directConnectGatewayId=gateway_id)
        return next(iter(shown["directConnectGateways"]), None)

    def vpn_gateway(self, cidr="10.255.255.0/28", *, asn=None, attach=True):
        """Id of a virtual private gateway, attached to a new VPC with this CIDR."""
        more = {"AmazonSideAsn": asn} if asn else {}
        vgw = self.ec2.create_vpn_gateway(Type="ipsec.1", **more)["VpnGateway"]["VpnGatewayId"]
        self._until_ec2("describe_vpn_gateways", "VpnGateways", "VpnGatewayIds", vgw, "available")
        if attach:
            vpc = self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
            self._until_ec2("describe_vpcs", "Vpcs", "VpcIds", vpc, "available")
            self.ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
            eventually(
                lambda: self.ec2.describe_vpn_gateways(VpnGatewayIds=[vgw])["VpnGateways"][0],
                lambda g: any(a["State"] == "attached" for a in g.get("VpcAttachments", [])),
                what="attached",
            )
        return vgw

    def transit_gateway(self, asn=64700):
        made = self.ec2.create_transit_gateway(Options={"AmazonSideAsn": asn})["TransitGateway"]
        tgw = made["TransitGatewayId"]
        self._until_ec2("describe_transit_gateways", "TransitGateways", "TransitGatewayIds", tgw, "available")
        return tgw

    def _until_ec2(self, call, list_name, argument, object_id, state):
        describe = getattr(self.ec2, call)
        eventually(
            lambda: describe(**{argument: [object_id]})[list_name][0]["State"],
            lambda seen: seen == state,
            what=state,
        )

    def associate(self, gateway_id, target, prefixes=None):
        """An association of this account's own gateway, waited for."""
        more = {}
        if prefixes is not None:
            more["addAllowedPrefixesToDirectConnectGateway"] = [{"cidr": p} for p in prefixes]
        made = self.dx.create_direct_connect_gateway_association(
            directConnectGatewayId=gateway_id, gatewayId=target, **more
        )["directConnectGatewayAssociation"]
        return self.wait_association(made["associationId"])

    def show_association(self, association_id):
        shown = self.dx.describe_direct_connect_gateway_associations(associationId=association_id)
        return next(iter(shown["directConnectGatewayAssociations"]), None)

    def wait_association(self, association_id, state="associated"):
        return eventually(
            lambda: self.show_association(association_id),
            lambda a: a and a["associationState"] == state,
            what=state,
        )

    # ----- virtual interfaces -----

    def private_vif(self, connection_id, *, wait="available", **more):
        """A private virtual interface; on a new gateway unless one is named."""
        if not more.keys() & {"virtualGatewayId", "directConnectGatewayId"}:
            more["directConnectGatewayId"] = self.gateway()["directConnectGatewayId"]
        made = self.dx.create_private_virtual_interface(
            connectionId=connection_id, newPrivateVirtualInterface=vif_fields(**more)
        )
        return self.wait_vif(made["virtualInterfaceId"], wait) if wait else made

    def transit_vif(self, connection_id, *, wait="available", **more):
        if "directConnectGatewayId" not in more:
            more["directConnectGatewayId"] = self.gateway()["directConnectGatewayId"]
        made = self.dx.create_transit_virtual_interface(
            connectionId=connection_id, newTransitVirtualInterface=vif_fields(**more)
        )["virtualInterface"]
        return self.wait_vif(made["virtualInterfaceId"], wait) if wait else made

    def public_vif(self, connection_id, *, wait="available", **more):
        made = self.dx.create_public_virtual_interface(
            connectionId=connection_id, newPublicVirtualInterface=public_fields(**more)
        )
        return self.wait_vif(made["virtualInterfaceId"], wait) if wait else made

    def show_vif(self, vif_id):
        shown = self.dx.describe_virtual_interfaces(virtualInterfaceId=vif_id)["virtualInterfaces"]
        return next(iter(shown), None)

    def wait_vif(self, vif_id, state="available"):
        return eventually(
            lambda: self.show_vif(vif_id),
            lambda v: v and v["virtualInterfaceState"] == state,
            what=state,
        )

    def delete_vif(self, vif_id):
        self.dx.delete_virtual_interface(virtualInterfaceId=vif_id)
        return eventually(
            lambda: self.show_vif(vif_id),
            lambda v: v is None or v["virtualInterfaceState"] == "deleted",
            what="deleted",
        )

    # ----- names -----

    def arn(self, kind, object_id):
        """ARN of one of this account's objects; gateways and groups have no Region."""
        region = "" if kind in {"dx-gateway", "dx-resiliency-group"} else self.region
        return f"arn:aws:directconnect:{region}:{self.id}:{kind}/{object_id}"


def vif_fields(**more):
    """Fields of a private or transit virtual interface, with defaults."""
    return {"virtualInterfaceName": "test vif", "vlan": next_vlan(), "asn": 65010, **more}


def public_fields(**more):
    """Fields of a public virtual interface, with defaults; IPv6 takes no addresses."""
    fields = {"virtualInterfaceName": "test vif", "vlan": next_vlan(), "asn": 65010}
    if more.get("addressFamily") != "ipv6":
        fields |= PUBLIC_PEER
    return {**fields, "routeFilterPrefixes": PUBLIC_PREFIXES, **more}


def _check_answer(http_response, parsed, model, **_):
    responses.check(http_response, model)
