"""Edges that quarrel, lack something, or find something in their way."""

import hashlib

import pytest

from lab import PREFIX, Bird, ip, namespaces, ping, run, session, until
from objects import private, state, vpc_gateway
from router import Router, edge, faults
from support.account import Account
from support.server import Server

SITE, HOST = "192.168.77.1", "10.40.1.1"


@pytest.fixture
def remote(tmp_path, own_lab):
    """A service with edges elsewhere, an account and a port that waits for its edge."""
    with Server("--fabric", "edge") as server:
        account = Account(server)
        connection = account.connection(wait=None)["connectionId"]
        device = until("a place", lambda: account.show_connection(connection).get("awsDeviceV2"))
        yield own_lab, server, account, connection, device
        print(server.log())


def up(lab, account, connection, device):
    gateway, _, _ = vpc_gateway(account, lab)
    cable = lab.cable(device, connection)
    account.wait_connection(connection, "available")
    vif, shown = private(account, lab, gateway, 90, cable=(connection, cable))
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets there and back", lambda: ping("a", HOST, SITE))
    return vif, cable, bird


def test_the_latest_edge_of_a_device_is_the_one(remote, tmp_path):
    lab, server, account, connection, device = remote
    with Router(lab, server, device, state=tmp_path / "one") as one:
        vif, _, bird = up(lab, account, connection, device)
        first = edge(server)["session"]
        with Router(lab, server, device, state=tmp_path / "two"):
            assert one.ended() == 1
            assert "this one has to stop" in "".join(one.output)
            until("the other has begun", lambda: edge(server)["session"] != first)
            until("packets through the other", lambda: bird.established() and ping("a", HOST, SITE), seconds=30)
            routes = account.dx.list_virtual_interface_routes(virtualInterfaceId=vif)["routes"]
            assert len(routes) == 2, "one accepted, one advertised"
            account.dx.delete_virtual_interface(virtualInterfaceId=vif)
            until("deleted", lambda: state(account, vif) == "deleted")
            until("no namespace is left", lambda: namespaces("dmc-") == [])


def test_what_is_missing_is_said_and_heals(remote, tmp_path):
    lab, server, account, connection, device = remote
    with Router(lab, server, device, state=tmp_path / "state"):
        until("no port", lambda: "no interface is bound" in faults(server).get(connection, ""))
        lab.ports["nothere"] = (device, connection)
        lab.write_bindings()
        until("no interface", lambda: "nothere does not exist" in faults(server).get(connection, ""))
        lab.bindings.write_text("[[port]\n")
        until("no bindings", lambda: "stay as they were" in faults(server).get(str(lab.bindings), ""))
        lab.ports.clear()
        vif, cable, bird = up(lab, account, connection, device)
        until("healed", lambda: edge(server)["state"] == "up" and faults(server) == {})

        # The name of a namespace is taken away: it comes back, and no session has noticed.
        since, (gateway,) = bird.flaps(), namespaces("dmc-")
        run("ip", "netns", "del", gateway)
        until("the namespace has its name", lambda: namespaces("dmc-") == [gateway], seconds=5)
        assert bird.flaps() == since and ping("a", HOST, SITE)

        # Half of a virtual interface is removed: it is made again.
        (end,) = [name for name in links() if name.startswith("dmcv")]
        run("ip", "link", "del", end)
        until("the pair is back", lambda: end in links(), seconds=5)
        until("packets", lambda: ping("a", HOST, SITE), seconds=30)

        # The port vanishes, with its cable.
        run("ip", "link", "del", f"port{cable}")
        until("down", lambda: state(account, vif) == "down", seconds=5)
        until("said", lambda: "does not exist" in faults(server).get(connection, ""), seconds=5)
        assert account.show_connection(connection)["connectionState"] == "down"


def links():
    return [line.split()[0].split("@")[0] for line in run("ip", "-br", "link").splitlines()]


def test_what_is_not_ours_is_reported_and_left_alone(remote, tmp_path):
    lab, server, account, connection, device = remote
    run("ip", "netns", "add", "dmc-somebody-elses")
    try:
        with Router(lab, server, device, state=tmp_path / "state") as router:
            vif, _, _ = up(lab, account, connection, device)
            (gateway,) = [name for name in namespaces("dmc-") if name != "dmc-somebody-elses"]
            run("ip", "-n", gateway, "link", "add", "theirs0", "type", "veth", "peer", "name", "theirs1",
                "netns", PREFIX + "a")
            ip("edge", "link", "add", "dmcvtheirs", "type", "veth", "peer", "name", "theirs2")
            ip("edge", "link", "set", "dmcvtheirs", "up")
            expected = {"namespace dmc-somebody-elses", f"interface theirs0 in namespace {gateway}",
                        "interface dmcvtheirs"}
            until("all is reported", lambda: set(edge(server)["foreign"]) == expected, seconds=5)
            account.dx.delete_virtual_interface(virtualInterfaceId=vif)
            until("deleted", lambda: state(account, vif) == "deleted")
            router.kill()
            first = edge(server)["session"]
            router.start()
            until("another session", lambda: edge(server)["session"] != first)
            until("all is reported again", lambda: set(edge(server)["foreign"]) == expected, seconds=30)
            assert "dmcvtheirs" in links()
            assert "theirs0" in run("ip", "-n", gateway, "-br", "link")
            run("ip", "-n", gateway, "link", "del", "theirs0")
            until("ours goes when it is empty", lambda: gateway not in namespaces("dmc-"), seconds=5)
    finally:
        run("ip", "netns", "del", "dmc-somebody-elses")


def test_an_edge_without_privileges_says_so(remote, tmp_path):
    lab, server, _, _, device = remote
    lab.directory.chmod(0o755)
    drop = ("setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
    with Router(lab, server, device, state=tmp_path / "state", before=drop):
        until("it says so", lambda: "needs root" in faults(server).get("this machine", ""))
        assert edge(server)["state"] == "faulty"


def test_an_edge_with_another_devices_token_is_kept_out(tmp_path, own_lab):
    config, token = tmp_path / "demarc.toml", tmp_path / "token"
    token.write_text("ours\n")
    digest = hashlib.sha256(b"theirs").hexdigest()
    with Server("--fabric", "edge", "--config", str(config_with(config, token, digest))) as server:
        for device, words in (("EqDC2-other", "403: This token is of another device"),
                              ("EqDC2-ours", "No location has a device named")):
            with Router(own_lab, server, device, state=tmp_path / "state", token=token) as router:
                until("kept out", lambda: words in "".join(router.output))
        assert server.operator("GET", "/_demarc/v1/edges") == {"edges": []}


def config_with(path, token, digest):
    path.write_text(f"""
[[edge]]
device = "EqDC2-ours"
token_file = "{token}"

[[edge]]
device = "EqDC2-other"
token_sha256 = "{digest}"
""")
    return path
