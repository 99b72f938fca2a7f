"""What read-only scanners ask beside Direct Connect (clients.md 1.5 and 3): the Resource Groups Tagging API,
Regions, routes of transit gateways, and the secrets of MACsec keys."""

import json

import boto3
import botocore.exceptions
import pytest
from support.account import NO_CONNECTION, OTHER_REGION, config, refused
from support.waiting import eventually

CKN, CAK = "ab" * 32, "cd" * 32


@pytest.fixture
def tagging(alice):
    return alice.client("resourcegroupstaggingapi")


def mappings(client, **selector):
    answer = client.get_resources(**selector)
    return {m["ResourceARN"]: {t["Key"]: t["Value"] for t in m["Tags"]} for m in answer["ResourceTagMappingList"]}


def direct_connect_tags(account, arn):
    (entry,) = account.dx.describe_tags(resourceArns=[arn])["resourceTags"]
    return {t["key"]: t["value"] for t in entry["tags"]}


# ----- tags, as Cloud Custodian reads and sets them -----


@pytest.fixture
def resources(alice):
    """One of each kind, tagged `team=blue`."""
    given = [{"key": "team", "value": "blue"}]
    connection = alice.connection(tags=given)
    gateway = alice.gateway(tags=given)["directConnectGatewayId"]
    vif = alice.private_vif(connection["connectionId"], directConnectGatewayId=gateway, tags=given)
    lag = alice.lag(members=1, tags=given)
    # Its member has no tags, and is left out of the lists.
    assert lag["connections"][0]["tags"] == []
    vpc = alice.ec2.create_vpc(
        CidrBlock="10.0.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "blue"}]}],
    )["Vpc"]["VpcId"]
    return {
        "connection": alice.arn("dxcon", connection["connectionId"]),
        "lag": alice.arn("dxlag", lag["lagId"]),
        "vif": alice.arn("dxvif", vif["virtualInterfaceId"]),
        "gateway": alice.arn("dx-gateway", gateway),
        "vpc": f"arn:aws:ec2:{alice.region}:{alice.id}:vpc/{vpc}",
    }


def test_custodian_reads_tags_by_arn(alice, tagging, resources):
    named = [resources["gateway"], alice.arn("dxcon", NO_CONNECTION), resources["connection"]]
    answer = tagging.get_resources(ResourceARNList=named)
    assert answer["PaginationToken"] == ""
    assert answer["ResourceTagMappingList"] == [
        {"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "blue"}]}
        for arn in (resources["gateway"], resources["connection"])
    ]


@pytest.mark.parametrize(
    ("selector", "kinds"),
    [
        ({}, "connection lag vif gateway vpc"),
        ({"ResourceTypeFilters": ["directconnect"]}, "connection lag vif gateway"),
        ({"ResourceTypeFilters": ["directconnect:dxvif", "ec2:vpc"]}, "vif vpc"),
        ({"TagFilters": [{"Key": "team", "Values": ["blue", "red"]}]}, "connection lag vif gateway vpc"),
        ({"TagFilters": [{"Key": "team", "Values": ["red"]}]}, ""),
        ({"TagFilters": [{"Key": "absent"}]}, ""),
    ],
    ids=str,
)
def test_resources_are_found_by_type_and_tag(tagging, resources, selector, kinds):
    found = mappings(tagging, **selector)
    assert set(found) == {resources[kind] for kind in kinds.split()}
    assert all(tags == {"team": "blue"} for tags in found.values())


def test_the_paginator_finds_each_resource_once(tagging, resources):
    pages = tagging.get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 2})
    found = [m["ResourceARN"] for page in pages for m in page["ResourceTagMappingList"]]
    assert sorted(found) == sorted(resources.values())


def test_global_gateways_are_listed_in_us_east_1_alone(alice, resources):
    elsewhere = alice.client("resourcegroupstaggingapi", OTHER_REGION)
    assert mappings(elsewhere) == {}


def test_custodian_sets_and_removes_tags(alice, tagging, resources):
    arns = list(resources.values())
    assert tagging.tag_resources(ResourceARNList=arns, Tags={"owner": "ops", "team": "red"})["FailedResourcesMap"] == {}
    assert tagging.untag_resources(ResourceARNList=arns, TagKeys=["owner", "absent"])["FailedResourcesMap"] == {}
    assert mappings(tagging) == dict.fromkeys(arns, {"team": "red"})
    for kind in ("connection", "lag", "vif", "gateway"):
        assert direct_connect_tags(alice, resources[kind]) == {"team": "red"}
    assert tagging.get_tag_keys()["TagKeys"] == ["team"]
    assert tagging.get_tag_values(Key="team")["TagValues"] == ["red"]
    tagging.untag_resources(ResourceARNList=arns, TagKeys=["team"])
    assert mappings(tagging) == {}, "untagged resources are left out"


def test_what_cannot_be_tagged_is_named(alice, bob, tagging, resources):
    foreign = bob.arn("dxcon", bob.connection(wait=None)["connectionId"])
    missing = alice.arn("dxcon", NO_CONNECTION)
    failed = tagging.tag_resources(
        ResourceARNList=[foreign, missing, "arn:aws:s3:::bucket", resources["connection"]], Tags={"a": "b"}
    )["FailedResourcesMap"]
    assert set(failed) == {foreign, missing, "arn:aws:s3:::bucket"}
    assert {f["ErrorCode"] for f in failed.values()} == {"InvalidParameterException"}
    assert direct_connect_tags(alice, resources["connection"]) == {"team": "blue", "a": "b"}
    reserved = tagging.tag_resources(ResourceARNList=[resources["connection"]], Tags={"aws:x": "y"})
    assert set(reserved["FailedResourcesMap"]) == {resources["connection"]}


@pytest.mark.parametrize(
    ("call", "arguments", "code"),
    [
        ("get_resources", {"ResourceARNList": ["x" * 1000] * 101}, "InvalidParameterException"),
        ("get_resources", {"ResourceARNList": ["arn:x"], "ResourcesPerPage": 5}, "InvalidParameterException"),
        ("get_resources", {"ResourcesPerPage": 101}, "InvalidParameterException"),
        ("get_resources", {"PaginationToken": "nonsense"}, "PaginationTokenExpiredException"),
        ("tag_resources", {"ResourceARNList": ["arn:x"] * 21, "Tags": {"a": "b"}}, "InvalidParameterException"),
    ],
    ids=str,
)
def test_wrong_requests(tagging, call, arguments, code):
    refused(getattr(tagging, call), code=code, **arguments)


POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "tag:*", "Resource": "*"},
            {
                "Effect": "Allow", "Action": "directconnect:TagResource", "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}},
            },
        ],
    }
)

ACCOUNTS = f"""
[[account]]
id = "111122223333"
  [[account.access_key]]
  id = "AKIAADMIN0000000001"
  secret = "admin-secret"
  [[account.access_key]]
  id = "AKIATAGGER000000001"
  secret = "tagger-secret"
  user = "tagger"
  [[account.access_key]]
  id = "AKIANOBODY000000001"
  secret = "nobody-secret"
  user = "nobody"
  [[account.user]]
  name = "tagger"
  policies = ['{POLICY}']
  [[account.user]]
  name = "nobody"
  policies = []
"""


def test_each_services_own_permission_to_tag_is_needed_too(serve, tmp_path):
    (tmp_path / "demarc.toml").write_text(ACCOUNTS)
    server = serve("--config", str(tmp_path / "demarc.toml"))

    def client(service, who):
        return boto3.client(
            service, endpoint_url=server.url, region_name="us-east-1", config=config(),
            aws_access_key_id=f"AKIA{who.upper()}".ljust(18, "0") + "1", aws_secret_access_key=f"{who}-secret",
        )

    dx = client("directconnect", "admin")
    location = dx.describe_locations()["locations"][0]["locationCode"]

    def connection(team):
        made = dx.create_connection(
            location=location, bandwidth="1Gbps", connectionName="x", tags=[{"key": "team", "value": team}]
        )
        return f"arn:aws:directconnect:us-east-1:111122223333:dxcon/{made['connectionId']}"

    blue, red = connection("blue"), connection("red")
    vpc = client("ec2", "admin").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    vpc = f"arn:aws:ec2:us-east-1:111122223333:vpc/{vpc}"
    tagger = client("resourcegroupstaggingapi", "tagger")
    failed = tagger.tag_resources(ResourceARNList=[blue, red, vpc], Tags={"a": "b"})["FailedResourcesMap"]
    assert {arn: f["ErrorCode"] for arn, f in failed.items()} == dict.fromkeys([red, vpc], "AccessDeniedException")
    assert "directconnect:TagResource" in failed[red]["ErrorMessage"]
    assert "ec2:CreateTags" in failed[vpc]["ErrorMessage"]
    assert mappings(tagger) == {blue: {"team": "blue", "a": "b"}, red: {"team": "red"}}
    only_barred = tagger.untag_resources(ResourceARNList=[red], TagKeys=["team"])["FailedResourcesMap"]
    assert "directconnect:UntagResource" in only_barred[red]["ErrorMessage"]
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client("resourcegroupstaggingapi", "nobody").get_resources()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "tag:GetResources" in caught.value.response["Error"]["Message"]


# ----- Prowler: every enabled Region -----


def test_prowler_scans_the_regions_it_is_told(alice):
    names = {r["RegionName"] for r in alice.ec2.describe_regions()["Regions"]}
    assert {"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"} <= names
    made = {}
    for region in ("us-east-1", "eu-central-1"):
        dx = alice.client("directconnect", region)
        location = dx.describe_locations()["locations"][0]["locationCode"]
        made[region] = dx.create_connection(location=location, bandwidth="1Gbps", connectionName="x")["connectionId"]
    found = {}
    for region in names:
        for connection in alice.client("directconnect", region).describe_connections()["connections"]:
            found[region] = connection["connectionId"]
    assert found == made


# ----- the prefix monitor: routes of a transit gateway -----


def test_the_prefix_monitor_counts_propagated_routes(alice):
    gateway, tgw = alice.gateway()["directConnectGatewayId"], alice.transit_gateway()
    alice.associate(gateway, tgw, ["10.0.0.0/8"])
    alice.transit_vif(alice.connection()["connectionId"], directConnectGatewayId=gateway)
    (table,) = alice.ec2.describe_transit_gateway_route_tables(
        Filters=[{"Name": "transit-gateway-id", "Values": [tgw]}]
    )["TransitGatewayRouteTables"]

    def routes():
        return alice.ec2.search_transit_gateway_routes(
            TransitGatewayRouteTableId=table["TransitGatewayRouteTableId"],
            Filters=[
                {"Name": "attachment.resource-type", "Values": ["direct-connect-gateway"]},
                {"Name": "type", "Values": ["propagated"]},
            ],
        )["Routes"]

    for route in eventually(routes, bool):
        (way,) = route["TransitGatewayAttachments"]
        assert (way["ResourceType"], way["ResourceId"]) == ("direct-connect-gateway", gateway)


# ----- Terraform's data source for the secret of a MACsec key -----


def test_the_secret_of_a_macsec_key_is_there(alice, bob):
    first, second = (alice.connection("10Gbps", macsec=True)["connectionId"] for _ in range(2))
    (key,) = alice.dx.associate_mac_sec_key(connectionId=first, ckn=CKN, cak=CAK)["macSecKeys"]
    arn = key["secretARN"]
    secrets = alice.client("secretsmanager")
    described = secrets.describe_secret(SecretId=arn)
    name = f"directconnect!prod/{alice.region}/directconnect/{CKN}"
    assert (described["ARN"], described["Name"], described["OwningService"]) == (arn, name, "directconnect")
    assert secrets.describe_secret(SecretId=name)["ARN"] == arn
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId=arn)
    alice.dx.associate_mac_sec_key(connectionId=second, secretARN=described["ARN"])
    for client in (bob.client("secretsmanager"), alice.client("secretsmanager", OTHER_REGION)):
        refused(client.describe_secret, SecretId=arn, code="ResourceNotFoundException")
    refused(secrets.describe_secret, SecretId="absent", code="ResourceNotFoundException")


def test_secrets_are_not_told(alice):
    """Nothing gives the key itself away."""
    refused(alice.client("secretsmanager").get_secret_value, SecretId="any", code="UnknownOperationException")
