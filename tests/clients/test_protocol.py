"""The wire: awsJson1.1 (protocol.md 1 to 4)."""

import json
import re
import urllib.error
import urllib.request

import pytest
from support.account import REGION, Account, refused

TARGET = "OvertureService"
REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def test_every_answer_carries_a_request_id_a_date_and_the_content_type(alice):
    for body in ({}, {"connectionId": "nonsense"}):
        _, headers, _ = alice.raw(f"{TARGET}.DescribeConnections", body)
        assert REQUEST_ID.fullmatch(headers["x-amzn-RequestId"])
        assert headers["Content-Type"] == "application/x-amz-json-1.1"
        assert headers["Date"]


def test_request_ids_differ(alice):
    ids = {alice.raw(f"{TARGET}.DescribeLocations", {})[1]["x-amzn-RequestId"] for _ in range(5)}
    assert len(ids) == 5


def test_an_error_is_a_bare_type_and_a_message_in_lower_case(alice):
    status, _, text = alice.raw(f"{TARGET}.DescribeConnections", {"connectionId": "nonsense"})
    assert status == 400
    assert json.loads(text) == {
        "__type": "DirectConnectClientException",
        "message": "Connection ID nonsense has an invalid format.",
    }


@pytest.mark.parametrize(
    "target",
    [
        None,
        "OvertureService.NoSuchOperation",
        "OvertureService.describeConnections",
        "OvertureService",
        "Overture.DescribeConnections",
        "DescribeConnections",
    ],
)
def test_an_unknown_target_is_an_unknown_operation(alice, target):
    status, _, text = alice.raw(target, {})
    assert status == 400
    assert json.loads(text)["__type"].endswith("UnknownOperationException")


@pytest.mark.parametrize("body", ["{", "[]", '"text"', "nonsense", "{} trailing", '{"connectionId": }', b"\xff\xfe"])
def test_a_body_that_is_no_object_is_a_serialization_error(alice, body):
    status, _, text = alice.raw(f"{TARGET}.DescribeConnections", body)
    assert status == 400
    assert json.loads(text)["__type"] == "SerializationException"


@pytest.mark.parametrize(
    "operation, body",
    [
        ("DescribeConnections", {"connectionId": 5}),
        ("DescribeConnections", {"maxResults": "5"}),
        ("DescribeConnections", {"maxResults": 1.5}),
        ("CreateConnection", {"tags": "a"}),
        ("CreateConnection", {"requestMACSec": "true"}),
        ("AllocateHostedConnection", {"vlan": "101"}),
        ("TagResource", {"resourceArn": "a", "tags": [{"key": 1}]}),
    ],
)
def test_a_member_of_the_wrong_json_type_is_a_serialization_error(alice, operation, body):
    status, _, text = alice.raw(f"{TARGET}.{operation}", body)
    assert status == 400
    assert json.loads(text)["__type"] == "SerializationException", text


@pytest.mark.parametrize("body", ["", "{}", "  {}  "])
def test_an_empty_body_is_an_empty_object(alice, body):
    status, _, text = alice.raw(f"{TARGET}.DescribeLocations", body)
    assert status == 200
    assert json.loads(text)["locations"]


def test_unknown_members_and_nulls_are_ignored(alice):
    status, _, text = alice.raw(
        f"{TARGET}.DescribeConnections", {"connectionId": None, "color": "red", "nested": {"a": [1]}}
    )
    assert (status, json.loads(text)) == (200, {"connections": []})


def test_a_null_required_member_is_missing(alice):
    status, _, text = alice.raw(f"{TARGET}.DeleteConnection", {"connectionId": None})
    answer = json.loads(text)
    assert (status, answer["__type"]) == (400, "DirectConnectClientException")
    assert "connectionId" in answer["message"]


def test_missing_required_members_are_named(alice):
    for operation, body, member in [
        ("CreateConnection", {"bandwidth": "1Gbps", "connectionName": "x"}, "location"),
        ("CreateLag", {}, "numberOfConnections"),
        ("ConfirmTransitVirtualInterface", {"virtualInterfaceId": "dxvif-fgzzzzz0"}, "directConnectGatewayId"),
        ("CreatePrivateVirtualInterface", {"connectionId": "dxcon-fgzzzzz0"}, "newPrivateVirtualInterface"),
    ]:
        status, _, text = alice.raw(f"{TARGET}.{operation}", body)
        assert status == 400
        answer = json.loads(text)
        assert answer["__type"] == "DirectConnectClientException"
        assert member in answer["message"], operation


def test_an_empty_id_is_malformed_and_not_absent(alice):
    refused(
        alice.dx.describe_direct_connect_gateway_associations,
        associationId="",
        text="Association ID has an invalid format.",
    )
    refused(alice.dx.describe_connections, connectionId="", text="Connection ID  has an invalid format.")


def test_of_duplicate_keys_the_last_wins(alice):
    body = '{"connectionId": "first", "connectionId": "second"}'
    _, _, text = alice.raw(f"{TARGET}.DescribeConnections", body)
    assert json.loads(text)["message"] == "Connection ID second has an invalid format."


def test_void_operations_answer_an_empty_object(alice):
    connection = alice.connection(wait=None)
    arn = alice.arn("dxcon", connection["connectionId"])
    body = {"resourceArn": arn, "tags": [{"key": "a", "value": "b"}]}
    assert alice.raw(f"{TARGET}.TagResource", body)[2] == "{}"
    assert alice.raw(f"{TARGET}.UntagResource", {"resourceArn": arn, "tagKeys": ["a"]})[2] == "{}"


def test_absent_members_are_left_out_and_never_null(alice):
    made = alice.connection(wait=None)
    _, _, text = alice.raw(f"{TARGET}.DescribeConnections", {"connectionId": made["connectionId"]})
    assert "null" not in text
    shown = json.loads(text)
    assert "nextToken" not in shown
    for member in ("lagId", "providerName", "vlan", "loaIssueTime"):
        assert member not in shown["connections"][0], member


@pytest.mark.parametrize("method, path", [("GET", "/"), ("PUT", "/"), ("DELETE", "/"), ("POST", "/elsewhere")])
def test_other_verbs_and_paths_are_not_served(server, method, path):
    request = urllib.request.Request(f"{server.url}{path}", method=method, data=b"{}" if method != "GET" else None)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    assert 400 <= caught.value.code < 500


def test_an_unsigned_request_is_refused(alice):
    status, _, text = alice.raw(f"{TARGET}.DescribeConnections", {}, sign=False)
    assert status in (400, 403)
    assert json.loads(text)["__type"] in {"MissingAuthenticationTokenException", "IncompleteSignatureException"}


def test_a_scope_of_another_service_is_refused(alice):
    status, _, text = alice.raw(f"{TARGET}.DescribeConnections", {}, service="lambda")
    assert status in (400, 403)
    assert json.loads(text)["__type"] in {"InvalidSignatureException", "UnknownOperationException"}


def test_a_body_beyond_the_limit_is_refused_and_the_server_lives_on(alice):
    status, _, _ = alice.raw(f"{TARGET}.DescribeConnections", '{"a":"' + "x" * (2 << 20) + '"}')
    assert status == 413
    assert alice.dx.describe_connections()["connections"] == []


def test_deeply_nested_json_is_refused_and_the_server_lives_on(alice):
    status, _, text = alice.raw(f"{TARGET}.DescribeConnections", '{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    assert status in (200, 400), text[:200]
    assert alice.dx.describe_connections()["connections"] == []


def test_negative_asn_of_go_clients_gives_the_seen_text(alice):
    """protocol.md 4, M18: the Go SDK wraps large ASNs to negative numbers."""
    connection = alice.connection()
    refused(
        alice.dx.create_private_virtual_interface,
        connectionId=connection["connectionId"],
        newPrivateVirtualInterface={
            "virtualInterfaceName": "x",
            "vlan": 5,
            "asn": -94967296,
            "directConnectGatewayId": alice.gateway()["directConnectGatewayId"],
        },
        text="BGP ASN -94967296 must have value greater than or equal to 1",
    )


def test_the_region_of_the_signature_decides(alice):
    made = alice.connection(wait=None)
    elsewhere = alice.client("directconnect", "us-west-2")
    assert elsewhere.describe_connections()["connections"] == []
    assert alice.dx.describe_connections()["connections"][0]["connectionId"] == made["connectionId"]
    assert made["region"] == REGION


def test_a_key_that_is_no_account_id_is_account_zero(server):
    """Open development mode: 12 digits name the account, any other key is 000000000000."""
    assert Account(server, "123456789012").sts.get_caller_identity()["Account"] == "123456789012"
    assert Account(server, "AKIAEXAMPLE").sts.get_caller_identity()["Account"] == "000000000000"
