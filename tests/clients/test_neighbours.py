"""EC2 and STS on the same endpoint (clients.md 1.3 and 1.5)."""

import botocore.exceptions
import pytest
from support.account import OTHER_REGION
from support.waiting import eventually


def ec2_refused(call, code, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code, caught.value.response
    assert caught.value.response["Error"]["Message"]


# ----- STS -----


def test_caller_identity(alice):
    answer = alice.sts.get_caller_identity()
    assert answer["Account"] == alice.id
    assert answer["Arn"].startswith(f"arn:aws:iam::{alice.id}:") or answer["Arn"].startswith(f"arn:aws:sts::{alice.id}:")
    assert answer["UserId"]


def test_assume_role_gives_working_credentials(alice):
    import boto3
    from support.account import config

    answer = alice.sts.assume_role(RoleArn=f"arn:aws:iam::{alice.id}:role/builder", RoleSessionName="test")
    given = answer["Credentials"]
    assert given["Expiration"]
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{alice.id}:assumed-role/builder/test"
    client = boto3.client(
        "sts", endpoint_url=alice.server.url, region_name=alice.region, config=config(),
        aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert client.get_caller_identity()["Account"] == alice.id


ROLES = """
[[account]]
id = "111122223333"
  [[account.role]]
  name = "auditor"
  trust = ["444455556666"]
  external_id = "contract-17"

[[account]]
id = "444455556666"
  [[account.access_key]]
  id = "AKIAAUDIT00000000001"
  secret = "audit-secret-audit"
"""


def test_an_external_id_is_asked_for_where_the_role_wants_one(serve, tmp_path):
    import boto3
    from support.account import config

    (tmp_path / "demarc.toml").write_text(ROLES)
    server = serve("--config", str(tmp_path / "demarc.toml"))
    sts = boto3.client(
        "sts", endpoint_url=server.url, region_name="us-east-1", config=config(),
        aws_access_key_id="AKIAAUDIT00000000001", aws_secret_access_key="audit-secret-audit",
    )
    role = {"RoleArn": "arn:aws:iam::111122223333:role/auditor", "RoleSessionName": "audit"}

    def error(**more):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            sts.assume_role(**role, **more)
        return caught.value.response["Error"]["Code"]

    assert sts.assume_role(**role, ExternalId="contract-17")["Credentials"]["SessionToken"]
    assert error() == "AccessDenied"
    assert error(ExternalId="contract-18") == "AccessDenied"
    narrowed = {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}
    assert error(ExternalId="contract-17", **narrowed) == "ValidationError", "rather than a session that can do more"


# ----- VPC -----


def test_a_vpcs_life_as_terraform_sees_it(alice):
    made = alice.ec2.create_vpc(
        CidrBlock="10.50.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "test"}]}],
    )["Vpc"]
    vpc = made["VpcId"]
    assert made["CidrBlock"] == "10.50.0.0/16"
    assert made["OwnerId"] == alice.id
    shown = eventually(lambda: alice.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0], lambda v: v["State"] == "available")
    assert shown["Tags"] == [{"Key": "Name", "Value": "test"}]
    assert shown["CidrBlockAssociationSet"][0]["CidrBlock"] == "10.50.0.0/16"
    for attribute, value in (
        ("enableDnsSupport", True), ("enableDnsHostnames", False), ("enableNetworkAddressUsageMetrics", False)
    ):
        answer = alice.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is value
    alice.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert alice.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    by_vpc = {"Name": "vpc-id", "Values": [vpc]}
    assert len(alice.ec2.describe_network_acls(Filters=[by_vpc, {"Name": "default", "Values": ["true"]}])["NetworkAcls"]) == 1
    assert len(alice.ec2.describe_route_tables(Filters=[by_vpc, {"Name": "association.main", "Values": ["true"]}])["RouteTables"]) == 1
    assert len(alice.ec2.describe_security_groups(Filters=[by_vpc, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]) == 1
    alice.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "more", "Value": "x"}])
    alice.ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "Name"}])
    assert alice.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"] == [{"Key": "more", "Value": "x"}]
    alice.ec2.delete_vpc(VpcId=vpc)
    ec2_refused(alice.ec2.describe_vpcs, "InvalidVpcID.NotFound", VpcIds=[vpc])
    ec2_refused(alice.ec2.delete_vpc, "InvalidVpcID.NotFound", VpcId=vpc)


def test_neighbours_are_private_and_regional(alice, bob):
    vpc = alice.ec2.create_vpc(CidrBlock="10.51.0.0/16")["Vpc"]["VpcId"]
    vgw = alice.vpn_gateway()
    tgw = alice.transit_gateway()
    for client in (bob.ec2, alice.client("ec2", OTHER_REGION)):
        ec2_refused(client.describe_vpcs, "InvalidVpcID.NotFound", VpcIds=[vpc])
        ec2_refused(client.describe_vpn_gateways, "InvalidVpnGatewayID.NotFound", VpnGatewayIds=[vgw])
        ec2_refused(client.describe_transit_gateways, "InvalidTransitGatewayID.NotFound", TransitGatewayIds=[tgw])
        assert client.describe_vpn_gateways()["VpnGateways"] == []


# ----- virtual private gateways -----


def test_a_virtual_private_gateways_life(alice):
    made = alice.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]
    vgw = made["VpnGatewayId"]
    assert made["AmazonSideAsn"] == 64512, "the default is returned"
    assert made["State"] in {"pending", "available"}
    vpc = alice.ec2.create_vpc(CidrBlock="10.52.0.0/16")["Vpc"]["VpcId"]
    attached = alice.ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)["VpcAttachment"]
    assert attached["VpcId"] == vpc
    assert attached["State"] in {"attaching", "attached"}

    def attachments():
        return alice.ec2.describe_vpn_gateways(VpnGatewayIds=[vgw])["VpnGateways"][0].get("VpcAttachments", [])

    eventually(lambda: [a["State"] for a in attachments()], lambda s: s == ["attached"])
    ec2_refused(alice.ec2.delete_vpn_gateway, "IncorrectState", VpnGatewayId=vgw)
    alice.ec2.detach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    eventually(lambda: [a["State"] for a in attachments()], lambda s: s in ([], ["detached"]))
    ec2_refused(alice.ec2.detach_vpn_gateway, "InvalidVpnGatewayAttachment.NotFound", VpcId=vpc, VpnGatewayId=vgw)
    alice.ec2.delete_vpn_gateway(VpnGatewayId=vgw)

    def gone():
        try:
            return [g["State"] for g in alice.ec2.describe_vpn_gateways(VpnGatewayIds=[vgw])["VpnGateways"]]
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    eventually(gone, lambda s: s in (["deleted"], "InvalidVpnGatewayID.NotFound"))


def test_a_virtual_private_gateway_in_use_is_not_deleted(alice):
    """states.md 14."""
    vgw = alice.vpn_gateway()
    alice.private_vif(alice.connection()["connectionId"], virtualGatewayId=vgw)
    ec2_refused(alice.ec2.delete_vpn_gateway, "IncorrectState", VpnGatewayId=vgw)


# ----- transit gateways -----


def test_a_transit_gateways_life(alice):
    made = alice.ec2.create_transit_gateway(Description="test", Options={"AmazonSideAsn": 64999})["TransitGateway"]
    tgw = made["TransitGatewayId"]
    assert made["OwnerId"] == alice.id
    assert made["TransitGatewayArn"] == f"arn:aws:ec2:{alice.region}:{alice.id}:transit-gateway/{tgw}"
    assert made["Options"]["AmazonSideAsn"] == 64999
    for option in ("DnsSupport", "VpnEcmpSupport", "DefaultRouteTableAssociation", "AutoAcceptSharedAttachments"):
        assert made["Options"][option] in {"enable", "disable"}, option
    eventually(
        lambda: alice.ec2.describe_transit_gateways(TransitGatewayIds=[tgw])["TransitGateways"][0]["State"],
        lambda s: s == "available",
    )
    changed = alice.ec2.modify_transit_gateway(TransitGatewayId=tgw, Description="other")["TransitGateway"]
    assert changed["Description"] == "other"
    assert alice.ec2.delete_transit_gateway(TransitGatewayId=tgw)["TransitGateway"]["State"] in {"deleting", "deleted"}
    ec2_refused(
        alice.ec2.describe_transit_gateways, "InvalidTransitGatewayID.NotFound",
        TransitGatewayIds=["tgw-0123456789abcdef0"],
    )


def test_a_transit_gateway_in_use_is_not_deleted(alice):
    tgw = alice.transit_gateway()
    alice.associate(alice.gateway()["directConnectGatewayId"], tgw, ["10.0.0.0/8"])
    ec2_refused(alice.ec2.delete_transit_gateway, "IncorrectState", TransitGatewayId=tgw)


# ----- the front -----


def test_an_unknown_ec2_action(alice):
    ec2_refused(alice.ec2.describe_instances, "InvalidAction")


def test_a_missing_parameter(alice):
    status, _, text = alice.raw(
        None, "Action=CreateVpc&Version=2016-11-15", service="ec2",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    assert status == 400
    assert "<Code>" in text and "MissingParameter" in text
