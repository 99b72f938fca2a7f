"""The operator API as clients of Direct Connect see its effects."""

import json
import re
import urllib.request
import uuid

import pytest
from support.account import NO_CONNECTION, NO_PEER, NO_VIF, Account
from support.server import OperatorError
from support.waiting import eventually


def test_health_and_metrics(server, alice):
    alice.dx.describe_connections()
    with urllib.request.urlopen(f"{server.url}/healthz", timeout=5) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        assert answer.status == 200
        text = answer.read().decode()
    assert "# TYPE" in text


@pytest.mark.parametrize(
    "path, body",
    [
        (f"/_demarc/v1/connections/{NO_CONNECTION}/link", {"state": "down"}),
        (f"/_demarc/v1/bgp-peers/{NO_PEER}/session", {"state": "down"}),
        (f"/_demarc/v1/virtual-interfaces/{NO_VIF}/approve", {}),
        (f"/_demarc/v1/virtual-interfaces/{NO_VIF}/reject", {}),
    ],
)
def test_unknown_ids_are_not_found(server, path, body):
    with pytest.raises(OperatorError) as caught:
        server.operator("POST", path, body)
    assert caught.value.status == 404


@pytest.mark.parametrize("body", [{}, {"state": "sideways"}, {"state": 1}, []])
def test_wrong_bodies_are_refused(alice, body):
    connection = alice.connection()["connectionId"]
    with pytest.raises(OperatorError) as caught:
        alice.server.operator("POST", f"/_demarc/v1/connections/{connection}/link", body)
    assert caught.value.status in (400, 422)
    assert alice.show_connection(connection)["connectionState"] == "available"


def test_locations_can_be_added(own_server):
    account = Account(own_server)
    listed = own_server.operator("GET", "/_demarc/v1/locations")
    text = json.dumps(listed)
    assert account.location() in text
    template = next(iter(listed["locations"] if isinstance(listed, dict) else listed))
    mine = json.loads(json.dumps(template).replace(template.get("locationCode", template.get("code")), "MYDC1"))
    own_server.operator("PUT", "/_demarc/v1/locations/MYDC1", mine)
    codes = [l["locationCode"] for l in account.client("directconnect").describe_locations()["locations"]]
    assert "MYDC1" in codes
    made = account.dx.create_connection(location="MYDC1", bandwidth="1Gbps", connectionName="x")
    account.wait_connection(made["connectionId"])


def test_events_come_in_commit_order(own_server):
    account = Account(own_server)
    connection = account.connection()["connectionId"]
    answer = eventually(
        lambda: own_server.operator("GET", "/_demarc/v1/events?after=0&wait=0"),
        lambda a: connection in json.dumps(a),
        what="an event about the connection",
    )
    events = answer["events"] if isinstance(answer, dict) else answer
    assert events
    assert "any-secret" not in json.dumps(answer)


def _metric(server, name, **labels):
    """The values of one metric where all these labels are as given."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    lines = [line for line in text.splitlines() if line.startswith(name + "{")]
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    return [int(line.rsplit(" ", 1)[1]) for line in lines if all(label in line for label in wanted)]


def test_metrics_tell_of_connections_and_sessions(own_server):
    account = Account(own_server)
    connection = account.connection("10Gbps", macsec=True)["connectionId"]
    vif = account.private_vif(connection)
    port = {"account": account.id, "region": account.region, "connection_id": connection}
    session = {**port, "virtual_interface_id": vif["virtualInterfaceId"], "ip_address_family": "ipv4"}
    accepted = len(
        account.dx.list_virtual_interface_routes(
            virtualInterfaceId=vif["virtualInterfaceId"], filters={"routeDirection": "accepted"}
        )["routes"]
    )
    assert _metric(own_server, "dx_connection_state", **port) == [1]
    assert _metric(own_server, "dx_connection_encryption_state", **port) == [0]
    assert _metric(own_server, "dx_virtual_interface_bgp_status", **session) == [1]
    assert _metric(own_server, "dx_virtual_interface_bgp_prefixes_accepted", **session) == [accepted]
    own_server.link(connection, "down")
    account.wait_vif(vif["virtualInterfaceId"], "down")
    assert _metric(own_server, "dx_connection_state", **port) == [0]
    assert _metric(own_server, "dx_virtual_interface_bgp_status", **session) == [0]
    account.delete_vif(vif["virtualInterfaceId"])
    assert _metric(own_server, "dx_virtual_interface_bgp_status", **session) == []


ENVELOPE = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "number"]


def test_an_event_has_the_envelope_and_says_why(own_server):
    account = Account(own_server)
    connection = account.connection()["connectionId"]
    vif = account.private_vif(connection)
    place = own_server.operator("GET", "/_demarc/v1/events")["last"]
    own_server.link(connection, "down")
    account.wait_vif(vif["virtualInterfaceId"], "down")
    events = own_server.operator("GET", f"/_demarc/v1/events?after={place}&wait=5")["events"]
    for event in events:
        assert list(event) == ENVELOPE
        assert event["version"] == "0" and event["source"] == "aws.directconnect"
        assert event["account"] == account.id and event["region"] == account.region
        assert str(uuid.UUID(event["id"])) == event["id"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
        assert event["detail"]["reason"] == "link-down"
    told = {event["detail-type"]: event for event in events}
    of_port = told["Direct Connect Connection State Change"]
    assert of_port["resources"] == [account.arn("dxcon", connection)]
    assert of_port["detail"] == {"previousState": "available", "state": "down", "reason": "link-down"}
    of_vif = told["Direct Connect Virtual Interface State Change"]
    assert of_vif["resources"] == [account.arn("dxvif", vif["virtualInterfaceId"])]
    assert of_vif["detail"] == {"previousState": "available", "state": "down", "reason": "link-down"}
    of_peer = told["Direct Connect BGP Peer State Change"]["detail"]
    assert of_peer["peer"] == vif["bgpPeers"][0]["bgpPeerId"] and of_peer["addressFamily"] == "ipv4"
    assert (of_peer["previousStatus"], of_peer["status"]) == ("up", "down")


def test_events_hold_no_keys(own_server):
    account = Account(own_server)
    vif = account.private_vif(account.connection()["connectionId"], authKey="do-not-tell-anyone")
    account.delete_vif(vif["virtualInterfaceId"])
    assert "do-not-tell-anyone" not in json.dumps(own_server.operator("GET", "/_demarc/v1/events?after=0&wait=0"))
    with urllib.request.urlopen(f"{own_server.url}/metrics", timeout=5) as answer:
        assert "do-not-tell-anyone" not in answer.read().decode()
    assert "do-not-tell-anyone" not in own_server.log()


def test_the_clock_moves_forward_only(own_server):
    for wrong in ({"seconds": -1}, {"seconds": "soon"}, {}):
        with pytest.raises(OperatorError) as caught:
            own_server.operator("POST", "/_demarc/v1/clock/advance", wrong)
        assert caught.value.status in (400, 422)
