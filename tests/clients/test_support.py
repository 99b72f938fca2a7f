"""The checks themselves: they must be able to fail."""

import json

import botocore.session
import pytest
from support import responses
from support.waiting import wait_as_terraform


@pytest.fixture(scope="module")
def model():
    return botocore.session.get_session().get_service_model("directconnect")


class Answer:
    def __init__(self, body, status=200, **headers):
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status_code = status
        self.headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "x-amzn-RequestId": "8315b767-a409-11e9-9816-f1d876812434",
            "Date": "Sat, 21 Nov 2026 04:00:00 GMT",
        } | headers


def gateway(**more):
    return {
        "directConnectGatewayId": "e5a7b6f6-1d0d-4a4e-9f4d-0c4f6bdb6b4d",
        "directConnectGatewayName": "x",
        "amazonSideAsn": 64512,
        "ownerAccount": "111111111111",
        "directConnectGatewayState": "available",
        **more,
    }


def test_the_model_has_all_73_operations(model):
    assert len(model.operation_names) == 73


def test_a_right_answer_passes(model):
    responses.check(
        Answer({"directConnectGateways": [gateway(tags=[{"key": "a", "value": ""}])]}),
        model.operation_model("DescribeDirectConnectGateways"),
    )
    responses.check(Answer({}), model.operation_model("TagResource"))
    responses.check(
        Answer({"__type": "DirectConnectClientException", "message": "no"}, status=400),
        model.operation_model("DescribeConnections"),
    )


WRONG = [
    ("unknown member", "DescribeDirectConnectGateways", {"directConnectGateways": [gateway(color="red")]}),
    ("wrong type", "DescribeDirectConnectGateways", {"directConnectGateways": [gateway(amazonSideAsn="64512")]}),
    ("null", "DescribeDirectConnectGateways", {"directConnectGateways": [gateway(stateChangeError=None)]}),
    ("enum", "DescribeDirectConnectGateways", {"directConnectGateways": [gateway(directConnectGatewayState="on")]}),
    ("always present", "DescribeDirectConnectGateways", {"directConnectGateways": [{"ownerAccount": "1"}]}),
    ("absent list", "DescribeDirectConnectGateways", {}),
    ("empty token", "DescribeDirectConnectGateways", {"directConnectGateways": [], "nextToken": ""}),
    ("void", "TagResource", {"tags": []}),
    ("not JSON", "TagResource", b""),
    ("blob", "DescribeLoa", {"loaContent": "%PDF", "loaContentType": "application/pdf"}),
    ("boolean for a number", "DescribeDirectConnectGateways", {"directConnectGateways": [gateway(amazonSideAsn=True)]}),
]


@pytest.mark.parametrize("row, operation, body", WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_answer_is_found(model, row, operation, body):
    with pytest.raises(responses.WrongAnswer):
        responses.check(Answer(body), model.operation_model(operation))


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"__type": "ConnectionNotFound", "message": "no"}, status=400),
        Answer({"__type": "DirectConnectClientException", "message": "no"}, status=500),
        Answer({"__type": "DirectConnectClientException"}, status=400),
        Answer({"__type": "DirectConnectClientException", "message": "no", "id": 1}, status=400),
        Answer({"connections": []}, **{"x-amzn-RequestId": "ABC"}),
        Answer({"connections": []}, **{"Content-Type": "application/json"}),
    ],
)
def test_a_wrong_envelope_is_found(model, answer):
    with pytest.raises(responses.WrongAnswer):
        responses.check(answer, model.operation_model("DescribeConnections"))


def test_the_waiter_fails_on_a_state_outside_its_lists():
    states = iter(["pending", "unknown", "available"])
    with pytest.raises(AssertionError, match="unexpected state 'unknown'"):
        wait_as_terraform(lambda: next(states), {"pending"}, {"available"})
    states = iter(["pending", "available"])
    assert wait_as_terraform(lambda: next(states), {"pending"}, {"available"}) == ["pending", "available"]
