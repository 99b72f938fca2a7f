"""LAGs: bundles with Open vSwitch as the customer's switch, from CreateLag to packets over each member."""

import json
import time

import pytest

import switch
from lab import Bird, ip, never, ping, python, received, run, session, until
from objects import KEY, addresses, private, state, vpc_gateway
from router import edge
from support.account import Account
from support.server import Server
from switch import Switch
from test_harm import metric

pytestmark = pytest.mark.skipif(switch.missing() is not None, reason=str(switch.missing()))

SITE, HOST = "192.168.77.1", "10.40.1.1"
#: The longest time without an answer after a cut that the customer sees.
TAKEOVER = 1.0


class Bundle:
    """A LAG with its cables and the customer's switch."""

    def __init__(self, lab, account, members=2, **settings):
        self.lab, self.account = lab, account
        self.lag = account.lag(members=members, wait=None)["lagId"]
        found = until("members", lambda: len(self.members()) == members and self.members())
        self.device = until("a place", lambda: account.show_lag(self.lag).get("awsDeviceV2"))
        self.cables = {lab.cable(self.device, member): member for member in found}
        self.switch = Switch(lab, self.cables, **settings)

    @classmethod
    def of(cls, lab, account, lag, cables):
        """A LAG that is there, of which these cables lead to a switch."""
        made = cls.__new__(cls)
        made.lab, made.account, made.lag, made.cables = lab, account, lag, cables
        made.device = account.show_lag(lag)["awsDeviceV2"]
        made.switch = Switch(lab, cables)
        return made

    def members(self):
        return [member["connectionId"] for member in self.account.show_lag(self.lag)["connections"]]

    def state(self):
        return self.account.show_lag(self.lag)["lagState"]

    def until(self, wanted, seconds=20):
        until(f"the LAG is {wanted}", lambda: self.state() == wanted, seconds=seconds)

    def lacp(self):
        """By cable, what the edge says."""
        ports = {port["connection"]: port.get("lacp") for port in edge(self.account.server, self.device)["ports"]}
        return {cable: ports.get(member) for cable, member in self.cables.items()}

    def until_all_distribute(self, seconds=20):
        until("all members carry", lambda: all(one and one["state"] == "distributing" for one in self.lacp().values()),
              seconds=seconds)

    def vif(self, gateway, number, name="a"):
        """A virtual interface with its VLAN at a customer behind the switch: its id and how it is described."""
        made = self.account.private_vif(self.lag, wait=None, directConnectGatewayId=gateway, vlan=100 + number,
                                        asn=65_001, authKey=KEY, **addresses(number))
        shown = self.account.show_vif(made["virtualInterfaceId"])
        shown["interface"] = self.switch.site(name, 100 + number, shown["customerAddress"], hosts=[f"{SITE}/32"])
        return shown["virtualInterfaceId"], shown


def from_edge(cables):
    """Packets that the edge has sent by each cable."""
    return {cable: received("cpe", f"cable{cable}") for cable in cables}


def spread(bundle, network):
    """How many of 400 flows from the VPC come by each cable."""
    before = from_edge(bundle.cables)
    assert python(network, "udp.py", "flows", SITE, 400, HOST).wait() == 0
    time.sleep(0.2)
    after = from_edge(bundle.cables)
    return {cable: after[cable] - before[cable] for cable in bundle.cables}


def reasons(server, kind):
    """Reasons of the latest changes of state of a kind, oldest first."""
    events = server.operator("GET", "/_demarc/v1/events?after=0&wait=0")["events"]
    return [one["detail"].get("reason") for one in events if one["detail-type"] == f"Direct Connect {kind} State Change"]


def test_a_bundle_of_two_carries_and_outlives_each_of_its_members(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    bundle = Bundle(lab, account)
    bundle.until("available")
    bundle.until_all_distribute()
    seen = bundle.switch.lacp()
    assert len({(one["system"], one["key"], one["priority"]) for one in seen.values()}) == 1, seen
    assert {one["priority"] for one in seen.values()} == {32_768}
    for member in bundle.cables.values():
        assert account.show_connection(member)["connectionState"] == "available"
        assert metric(account.server, "dx_connection_lacp_state", member, bundle.lag) == 4
    vif, shown = bundle.vif(gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("available", lambda: state(account, vif) == "available")
    until("packets there and back", lambda: ping("a", HOST, SITE))
    assert ping("a", HOST, SITE, size=1472)

    # Many flows take both members; the same flow always takes the same.
    shares = spread(bundle, network)
    assert sum(shares.values()) >= 400 and min(shares.values()) > 100, shares
    before = from_edge(bundle.cables)
    assert ping("a", HOST, SITE, count=50)
    grown = sorted(after - before[cable] for cable, after in from_edge(bundle.cables).items())
    assert grown[1] >= 50 and grown[0] < 25, f"one flow is on one member: {grown}"
    # What comes in by either counts for the one virtual interface.
    counted = lambda: next(one for one in edge(account.server, bundle.device)["virtualInterfaces"]  # noqa: E731
                           if one["id"] == vif)["counters"]["inPackets"]
    time.sleep(1.5)
    first = counted()
    assert python("a", "udp.py", "flows", HOST, 400, SITE).wait() == 0
    until("all are counted", lambda: 400 <= counted() - first <= 480, seconds=5)

    # Each member is cut in turn: the other carries all, and the session stays.
    since = bird.flaps()
    watching = python("a", "gap.py", HOST, 25)
    time.sleep(1)
    for cable, member in bundle.cables.items():
        lab.unplug(cable)
        until("the member is down", lambda: account.show_connection(member)["connectionState"] == "down", seconds=3)
        assert bundle.lacp()[cable]["reason"] == "there is no link"
        assert bundle.state() == "available" and state(account, vif) == "available"
        shares = spread(bundle, network)
        assert shares[cable] == 0 and sum(shares.values()) >= 400, shares
        lab.unplug(cable, plug=True)
        bundle.until_all_distribute()
    out, _ = watching.communicate(timeout=60)
    assert float(out) < TAKEOVER
    assert bird.flaps() == since


def test_below_the_minimum_the_bundle_stops_and_the_far_side_sees_it(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    bundle = Bundle(lab, account, time="fast")
    bundle.until("available")
    account.dx.update_lag(lagId=bundle.lag, minimumLinks=2)
    bundle.until("available")
    bundle.until_all_distribute()
    vif, shown = bundle.vif(gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets there and back", lambda: ping("a", HOST, SITE))
    cut, left = bundle.cables
    lab.unplug(cut)
    bundle.until("down", seconds=3)
    until("the virtual interface is down", lambda: state(account, vif) == "down", seconds=3)
    states = [account.show_connection(bundle.cables[cable])["connectionState"] for cable in (cut, left)]
    assert states == ["down", "available"], "members keep the state of their links"
    ours = lambda: set(bundle.switch.lacp()[left]["ours"])  # noqa: E731
    until("the far side sees it", lambda: not ours() & {"collecting", "distributing"}, seconds=3)
    assert "minimumLinks" in bundle.lacp()[left]["reason"]
    assert reasons(account.server, "Lag")[-1] == "lacp-min-links"
    assert reasons(account.server, "Virtual Interface")[-1] == "lacp-min-links"
    assert not ping("a", HOST, SITE)
    lab.unplug(cut, plug=True)
    bundle.until("available")
    assert ours() >= {"collecting", "distributing"}
    until("established again", bird.established, seconds=60)
    until("packets again", lambda: ping("a", HOST, SITE))
    assert state(account, vif) == "available"


def test_a_static_bundle_does_not_come_up_and_the_edge_says_why(lab, account):
    bundle = Bundle(lab, account, lacp="off", mode="balance-slb")
    for member in bundle.cables.values():
        account.wait_connection(member, "available")
    said = lambda: [one["reason"] for one in bundle.lacp().values() if one]  # noqa: E731
    until("said by name", lambda: len(said()) == 2 and all("no LACP partner is heard" in one for one in said()))
    never("it pretends", lambda: bundle.state() == "available", 6)
    assert bundle.state() == "pending"
    assert {one["state"] for one in bundle.lacp().values()} == {"detached"}
    # A switch that waits for us to speak first is served.
    bundle.switch.rebundle(lacp="passive", bond_mode="balance-tcp")
    bundle.until("available")
    bundle.until_all_distribute()
    assert all("passive" not in one["own"] and "activity" not in one["own"] for one in bundle.switch.lacp().values())


def test_a_cable_in_the_wrong_switch_stays_out(lab, account):
    bundle = Bundle(lab, account, members=3)
    first, *rest = bundle.cables
    bundle.switch.apart(first)
    until("the others carry", lambda: all(bundle.lacp()[one]["state"] == "distributing" for one in rest))
    until("it is told apart", lambda: "differs from that of the other members" in (bundle.lacp()[first]["reason"] or ""))
    time.sleep(5)
    assert bundle.lacp()[first]["state"] == "detached" and bundle.state() == "available"
    assert "differs from that of the other members" in bundle.lacp()[first]["reason"]
    said = bundle.switch.lacp()
    assert not set(said[first]["ours"]) & {"synchronized", "collecting", "distributing"}
    assert all("distributing" in said[one]["ours"] for one in rest)


def test_a_connection_becomes_a_lag_and_others_join_and_leave(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    connection, cable = lab.connected(account, bandwidth="10Gbps")
    vif, shown = private(account, lab, gateway, 1, cable=(connection, cable))
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets", lambda: ping("a", HOST, SITE))

    # The port stops as a single link until the customer's side speaks LACP.
    lag = account.dx.create_lag(numberOfConnections=2, connectionId=connection, connectionsBandwidth="10Gbps",
                                location=account.show_connection(connection)["location"], lagName="lag")["lagId"]
    until("it stops", lambda: state(account, vif) == "down" and not ping("a", HOST, SITE, count=1))
    never("it comes up without LACP", lambda: account.show_lag(lag)["lagState"] == "available", 3)
    ip("a", "link", "del", shown["interface"])
    bundle = Bundle.of(lab, account, lag, {cable: connection})
    bundle.switch.site("a", 101, shown["customerAddress"])
    bundle.until("available")
    until("packets by the LAG", lambda: bird.established() and ping("a", HOST, SITE), seconds=60)
    assert state(account, vif) == "available"

    # A second port joins: traffic takes both.
    [second] = [member for member in bundle.members() if member != connection]
    joined = lab.cable(bundle.device, second)
    account.wait_connection(second, "available")
    bundle.cables[joined] = second
    bundle.switch.rebundle(bundle.cables)
    bundle.until_all_distribute()
    until("packets by both", lambda: bird.established() and ping("a", HOST, SITE), seconds=60)
    assert min(spread(bundle, network).values()) > 100

    # It leaves: the far side knows at once, and the other goes on.
    def leave():
        try:
            account.dx.disassociate_connection_from_lag(connectionId=second, lagId=lag)
            return True
        except account.dx.exceptions.DirectConnectClientException as refusal:
            assert "transitioning" in str(refusal)
            return False
    until("it may leave", leave, seconds=30)
    said = lambda: bundle.switch.lacp()[joined]  # noqa: E731
    until("the far side sees it", lambda: "synchronized" not in said()["ours"], seconds=2)
    until("packets by the other", lambda: ping("a", HOST, SITE, count=10), seconds=10)
    assert spread(bundle, network)[joined] == 0
    assert bundle.state() == "available" and state(account, vif) == "available"
    assert account.show_connection(second)["connectionState"] == "available"
    ports = {port["connection"]: port for port in edge(account.server, bundle.device)["ports"]}
    assert "lacp" not in ports[second] and ports[connection]["lacp"]["state"] == "distributing"

    # And comes back.
    account.dx.associate_connection_with_lag(connectionId=second, lagId=lag)
    bundle.until_all_distribute()
    assert min(spread(bundle, network).values()) > 100
    assert ping("a", HOST, SITE, count=10)


@pytest.fixture
def linux(tmp_path, own_lab):
    """A service whose state outlives it, on this machine."""
    arguments = ("--fabric", "linux", "--bindings", str(own_lab.bindings))
    with Server(*arguments, storage=("--data", str(tmp_path / "data"))) as server:
        yield own_lab, server
        print(server.log())


def test_packets_go_on_while_the_edge_is_killed_and_comes_back(linux):
    lab, server = linux
    account = Account(server)
    gateway, _, _ = vpc_gateway(account, lab)
    bundle = Bundle(lab, account)
    bundle.until("available")
    bundle.until_all_distribute()
    vif, shown = bundle.vif(gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets there and back", lambda: ping("a", HOST, SITE))
    made = [link["ifindex"] for link in json.loads(run("ip", "-j", "link")) if link["ifname"].startswith("dmcv")]
    before = bundle.switch.log()
    watching = python("a", "gap.py", HOST, 25)
    time.sleep(1)
    server.kill()
    until("the session is gone", lambda: not bird.established(), seconds=5)
    server.start()
    account = bundle.account = Account(server, account.id)
    until("established again", bird.established, seconds=30)
    until("available again", lambda: state(account, vif) == "available")
    bundle.until_all_distribute()
    out, _ = watching.communicate(timeout=60)
    assert float(out) < TAKEOVER
    after = bundle.switch.log()[len(before):]
    assert "disabled" not in after, f"the switch lost the bundle: {after}"
    assert made == [link["ifindex"] for link in json.loads(run("ip", "-j", "link"))
                    if link["ifname"].startswith("dmcv")]
    assert "taken over" in server.log()
    # And a cut works as before.
    cable = next(iter(bundle.cables))
    lab.unplug(cable)
    until("packets by the other", lambda: ping("a", HOST, SITE), seconds=3)
    assert bundle.state() == "available"
