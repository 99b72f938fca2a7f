"""What goes on while the service is away, and what comes back with it."""

from lab import PREFIX, Bird, namespaces, ping, run, session, until
from objects import private, state, vpc_gateway
from support.account import Account
from support.server import Server

SITE, HOST = "192.168.77.1", "10.40.1.1"


def test_packets_survive_the_service_and_sessions_come_back(tmp_path, own_lab):
    lab = own_lab
    arguments = ("--fabric", "linux", "--bindings", str(lab.bindings))
    with Server(*arguments, storage=("--data", str(tmp_path / "data"))) as server:
        account = Account(server)
        gateway, _, _ = vpc_gateway(account, lab)
        vif, shown = private(account, lab, gateway, 90)
        bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
        until("packets there and back", lambda: ping("a", HOST, SITE))
        server.kill()
        # The customer has heard nothing but the end of a connection; its neighbor's kernel still forwards.
        via = shown["amazonAddress"].split("/")[0]
        run("ip", "-n", PREFIX + "a", "route", "replace", "10.40.0.0/16", "via", via, "src", SITE)
        assert ping("a", HOST, SITE)
        server.start()
        again = Account(server, account.id)
        until("available again", lambda: state(again, vif) == "available", seconds=60)
        run("ip", "-n", PREFIX + "a", "route", "del", "10.40.0.0/16", "proto", "boot", check=False)
        until("packets again", lambda: bird.established() and ping("a", HOST, SITE))
        again.dx.delete_virtual_interface(virtualInterfaceId=vif)
        until("no namespace is left", lambda: namespaces("dmc-") == [])
