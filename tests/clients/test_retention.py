"""What stays visible for a while, and what survives a restart (states.md 0)."""

import pytest
from support.account import Account, refused
from support.waiting import eventually

KEPT = 15 * 60


def test_deleted_things_are_seen_for_fifteen_minutes(own_server):
    account = Account(own_server)
    connection = account.connection()["connectionId"]
    lag = account.lag(members=1)
    interconnect = account.interconnect()["interconnectId"]
    vif = account.private_vif(connection)["virtualInterfaceId"]
    account.delete_vif(vif)
    account.dx.delete_connection(connectionId=connection)
    account.dx.delete_lag(lagId=lag["lagId"])
    account.dx.delete_interconnect(interconnectId=interconnect)
    account.wait_connection(connection, "deleted")
    own_server.advance(KEPT - 60)
    assert account.show_vif(vif)["virtualInterfaceState"] == "deleted"
    assert account.show_connection(connection)["connectionState"] == "deleted"
    assert account.show_lag(lag["lagId"])["lagState"] == "deleted"
    assert account.show_interconnect(interconnect)["interconnectState"] == "deleted"
    own_server.advance(120)
    eventually(lambda: account.show_vif(vif), lambda v: v is None, what="gone")
    refused(account.dx.describe_connections, connectionId=connection, containing="Could not find Connection with ID")
    refused(account.dx.describe_lags, lagId=lag["lagId"], containing="Could not find Lag with ID")
    refused(account.dx.describe_interconnects, interconnectId=interconnect)
    remaining = [c["connectionId"] for c in account.dx.describe_connections()["connections"]]
    assert connection not in remaining


def test_rejected_things_too(own_server):
    alice, bob = Account(own_server), Account(own_server)
    hosted = alice.hosted(alice.interconnect()["interconnectId"], bob, confirm=False)["connectionId"]
    bob.dx.delete_connection(connectionId=hosted)
    own_server.advance(KEPT - 60)
    assert bob.show_connection(hosted)["connectionState"] == "rejected"
    own_server.advance(120)
    refused(bob.dx.describe_connections, connectionId=hosted, containing="Could not find Connection with ID")


def test_tags_end_with_their_resource(own_server):
    account = Account(own_server)
    made = account.connection(wait=None, tags=[{"key": "a"}])["connectionId"]
    account.dx.delete_connection(connectionId=made)
    own_server.advance(KEPT + 60)
    refused(account.dx.describe_tags, resourceArns=[account.arn("dxcon", made)])


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_answered_writes_survive_a_restart(serve, tmp_path, end):
    """SIGTERM drains and stops; SIGKILL loses nothing that was answered."""
    server = serve(storage=("--data", str(tmp_path)))
    account = Account(server)
    connection = account.connection(tags=[{"key": "a", "value": "b"}])
    vif = account.private_vif(connection["connectionId"])
    before = account.dx.describe_virtual_interfaces()["virtualInterfaces"]
    last = account.connection(wait=None, connectionName="the last write")["connectionId"]
    getattr(server, end)()
    again = Account(serve(storage=("--data", str(tmp_path))), account.id)
    assert again.show_connection(connection["connectionId"])["tags"] == [{"key": "a", "value": "b"}]
    shown = again.wait_vif(vif["virtualInterfaceId"])
    assert {k: v for k, v in shown.items() if k != "bgpPeers"} == {k: v for k, v in before[0].items() if k != "bgpPeers"}
    assert again.show_connection(last)["connectionName"] == "the last write"


def test_a_stopped_server_exits_cleanly(serve):
    server = serve()
    server.stop()
    assert server.process.returncode == 0, server.log()


def test_a_data_directory_in_use_is_refused(serve, tmp_path):
    serve(storage=("--data", str(tmp_path)))
    with pytest.raises(RuntimeError, match="ended with 2"):
        serve(storage=("--data", str(tmp_path)))
