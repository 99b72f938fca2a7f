"""Tags (operations.md 11, identifiers.md 13)."""

import pytest
from support.account import NO_CONNECTION, OTHER_REGION, refused, vif_fields


@pytest.fixture
def connection(alice):
    made = alice.connection(wait=None, tags=[{"key": "a", "value": "1"}])
    return alice.arn("dxcon", made["connectionId"])


def tags(account, arn):
    (entry,) = account.dx.describe_tags(resourceArns=[arn])["resourceTags"]
    assert entry["resourceArn"] == arn
    return {t["key"]: t["value"] for t in entry["tags"]}


def test_every_kind_of_resource(alice):
    """clients.md rule 11: the four forms of ARN."""
    given = [{"key": "team", "value": "blue"}]
    connection = alice.connection(tags=given)
    lag = alice.lag(members=1, tags=given)
    gateway = alice.gateway(tags=given)
    vif = alice.private_vif(
        connection["connectionId"], directConnectGatewayId=gateway["directConnectGatewayId"], tags=given
    )
    interconnect = alice.interconnect(tags=given)
    for arn in (
        alice.arn("dxcon", connection["connectionId"]),
        alice.arn("dxcon", interconnect["interconnectId"]),
        alice.arn("dxlag", lag["lagId"]),
        alice.arn("dxvif", vif["virtualInterfaceId"]),
        alice.arn("dx-gateway", gateway["directConnectGatewayId"]),
    ):
        assert tags(alice, arn) == {"team": "blue"}
        alice.dx.tag_resource(resourceArn=arn, tags=[{"key": "more", "value": "x"}])
        assert tags(alice, arn) == {"team": "blue", "more": "x"}
        alice.dx.untag_resource(resourceArn=arn, tagKeys=["team", "absent"])
        assert tags(alice, arn) == {"more": "x"}
    assert alice.show_gateway(gateway["directConnectGatewayId"])["tags"] == [{"key": "more", "value": "x"}]


def test_describe_has_an_entry_for_each_arn_in_order(alice, connection):
    """clients.md rule 10: Terraform takes the first without looking."""
    bare = alice.arn("dxcon", alice.connection(wait=None)["connectionId"])
    answer = alice.dx.describe_tags(resourceArns=[bare, connection])["resourceTags"]
    assert answer == [
        {"resourceArn": bare, "tags": []},
        {"resourceArn": connection, "tags": [{"key": "a", "value": "1"}]},
    ]
    assert alice.dx.describe_tags(resourceArns=[])["resourceTags"] == []


def test_the_same_key_overwrites_and_case_matters(alice, connection):
    alice.dx.tag_resource(resourceArn=connection, tags=[{"key": "a", "value": "2"}, {"key": "A", "value": "3"}])
    assert tags(alice, connection) == {"a": "2", "A": "3"}


def test_an_absent_value_is_empty(alice, connection):
    alice.dx.tag_resource(resourceArn=connection, tags=[{"key": "bare"}])
    assert tags(alice, connection)["bare"] == ""


def test_letters_of_any_script(alice, connection):
    alice.dx.tag_resource(resourceArn=connection, tags=[{"key": "città 東京", "value": "_.:/=+-@ é"}])
    assert tags(alice, connection)["città 東京"] == "_.:/=+-@ é"


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "x" * 129},
        {"key": "a", "value": "x" * 257},
        {"key": "semi;colon"},
        {"key": "a", "value": "new\nline"},
        {"key": "aws:reserved", "value": "x"},
    ],
    ids=lambda w: str(w)[:30],
)
def test_wrong_tags(alice, connection, wrong):
    refused(alice.dx.tag_resource, resourceArn=connection, tags=[{"key": "fine"}, wrong])
    assert tags(alice, connection) == {"a": "1"}, "all or nothing"
    refused(
        alice.dx.create_connection, location=alice.location(), bandwidth="1Gbps", connectionName="x", tags=[wrong]
    )
    assert len(alice.dx.describe_connections()["connections"]) == 1, "nothing was created"


def test_the_limits_of_length(alice, connection):
    alice.dx.tag_resource(resourceArn=connection, tags=[{"key": "k" * 128, "value": "v" * 256}])
    assert tags(alice, connection)["k" * 128] == "v" * 256


def test_duplicate_keys(alice, connection):
    twice = [{"key": "b", "value": "1"}, {"key": "b", "value": "2"}]
    refused(alice.dx.tag_resource, resourceArn=connection, tags=twice, code="DuplicateTagKeysException")
    refused(
        alice.dx.create_connection, location=alice.location(), bandwidth="1Gbps", connectionName="x", tags=twice,
        code="DuplicateTagKeysException",
    )
    port = alice.connection()["connectionId"]
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(
            directConnectGatewayId=alice.gateway()["directConnectGatewayId"], tags=twice
        ),
        code="DuplicateTagKeysException",
    )


def test_fifty_tags_are_the_most(alice, connection):
    many = [{"key": f"k{n}"} for n in range(49)]
    alice.dx.tag_resource(resourceArn=connection, tags=many)
    assert len(tags(alice, connection)) == 50
    refused(alice.dx.tag_resource, resourceArn=connection, tags=[{"key": "one-more"}], code="TooManyTagsException")
    alice.dx.tag_resource(resourceArn=connection, tags=[{"key": "k1", "value": "again"}])
    refused(
        alice.dx.create_connection, location=alice.location(), bandwidth="1Gbps", connectionName="x",
        tags=[{"key": f"k{n}"} for n in range(51)], code="TooManyTagsException",
    )


def test_reserved_keys_are_not_removed(alice, connection):
    refused(alice.dx.untag_resource, resourceArn=connection, tagKeys=["aws:x"])


def test_arns(alice, bob, connection):
    connection_id = connection.rsplit("/", 1)[1]
    for wrong in (
        "nonsense",
        "",
        alice.arn("dxcon", NO_CONNECTION),
        alice.arn("dxlag", connection_id),
        f"arn:aws:directconnect:{OTHER_REGION}:{alice.id}:dxcon/{connection_id}",
        f"arn:aws:directconnect:{alice.region}:{bob.id}:dxcon/{connection_id}",
        f"arn:aws-cn:directconnect:{alice.region}:{alice.id}:dxcon/{connection_id}",
        f"arn:aws:ec2:{alice.region}:{alice.id}:dxcon/{connection_id}",
    ):
        refused(alice.dx.tag_resource, resourceArn=wrong, tags=[{"key": "x"}])
        refused(alice.dx.untag_resource, resourceArn=wrong, tagKeys=["x"])
        refused(alice.dx.describe_tags, resourceArns=[wrong])
    for call, more in (
        (bob.dx.tag_resource, {"resourceArn": connection, "tags": [{"key": "x"}]}),
        (bob.dx.untag_resource, {"resourceArn": connection, "tagKeys": ["a"]}),
        (bob.dx.describe_tags, {"resourceArns": [connection]}),
    ):
        refused(call, **more)
    assert tags(alice, connection) == {"a": "1"}


def test_tags_are_in_lists_too(alice, connection):
    (listed,) = alice.dx.describe_connections()["connections"]
    assert listed["tags"] == [{"key": "a", "value": "1"}]
