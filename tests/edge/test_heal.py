"""Whatever somebody else undoes of what the edge has made comes back, for both families."""

import json
import pathlib
import socket
import subprocess
import sys

import pytest

from lab import PREFIX, Bird, ip, namespaces, ping, run, session, until
from objects import private, state
from router import edge, faults_of
from untie import tied

HOST, SITE = "10.40.1.1", "192.168.77.1"
HOST6, SITE6 = "2001:db8:40::1", "2001:db8:77::1"

UNTIE = f"{sys.executable} {pathlib.Path(__file__).with_name('untie.py')}"

#: What is done to `gateway` (a namespace), `inner` and `outer` (the ends of a virtual interface), `port` and `uplink`.
DAMAGE = {
    "routes of interfaces": "ip -n {gateway} route flush table 1001",
    "IPv6 routes of interfaces": "ip -n {gateway} -6 route flush table 1001",
    "routes of uplinks": "ip -n {gateway} route flush table 1003",
    "IPv6 routes of uplinks": "ip -n {gateway} -6 route flush table 1003",
    "rules": "ip -n {gateway} rule flush; ip -n {gateway} rule add pref 32766 table main",
    "IPv6 rules": "ip -n {gateway} -6 rule flush; ip -n {gateway} -6 rule add pref 32766 table main",
    "all rules": "ip -n {gateway} rule flush; ip -n {gateway} -6 rule flush",
    "inner end without ARP": "ip -n {gateway} link set {inner} arp off",
    "inner end's length": "ip -n {gateway} link set {inner} mtu 1300",
    "inner end's length, too short for IPv6": "ip -n {gateway} link set {inner} mtu 600",
    "outer end's length": "ip link set {outer} mtu 1300",
    "inner end down": "ip -n {gateway} link set {inner} down",
    "inner end's addresses": "ip -n {gateway} addr flush dev {inner}",
    "inner end's station": "ip -n {gateway} link set {inner} address 02:00:00:00:00:77",
    "outer end down": "ip link set {outer} down",
    "outer end's program": f"{UNTIE} {{outer}}",
    "port's program": f"{UNTIE} {{port}}",
    "uplink down": "ip -n {gateway} link set {uplink} down",
    "uplink's addresses": "ip -n {gateway} addr flush dev {uplink}",
    "forwarding": "ip netns exec {gateway} sysctl -qw net.ipv4.ip_forward=0",
    "IPv6 forwarding": "ip netns exec {gateway} sysctl -qw net.ipv6.conf.all.forwarding=0",
}


def first(names, prefix):
    return next(line.split()[0].split("@")[0] for line in names.splitlines() if line.startswith(prefix))


def both(account, lab):
    """A gateway with a network behind it and a customer, with IPv4 and IPv6."""
    gateway = account.gateway(asn=64_600)["directConnectGatewayId"]
    transit = account.transit_gateway()
    account.associate(gateway, transit, ["10.40.0.0/16", "2001:db8:40::/48"])
    lab.uplink(transit, f"{HOST}/32", f"{HOST6}/128")
    connection, cable = lab.connected(account)
    vif, shown = private(account, lab, gateway, 1, make="transit_vif", cable=(connection, cable),
                         hosts=[f"{SITE}/32", f"{SITE6}/128"])
    account.dx.create_bgp_peer(virtualInterfaceId=vif, newBGPPeer={
        "asn": 65_001, "addressFamily": "ipv6", "authKey": "another-key"})
    shown = {**account.show_vif(vif), "interface": shown["interface"]}
    mine = next(p["customerAddress"] for p in shown["bgpPeers"] if p["addressFamily"] == "ipv6")
    ip("a", "addr", "add", mine, "dev", shown["interface"], "nodad")
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"]),
                          session(shown, "ipv6", announce=["2001:db8:77::/48"])))
    until("packets", both_ways)
    return vif, transit, f"port{cable}", bird


def both_ways():
    # As long as they may be: an interface has to have its length, too.
    return ping("a", HOST, SITE, count=1, size=1472) and ping("a", HOST6, SITE6, count=1, size=1452)


def shape(there):
    """What packets alone do not tell soon: rules, flags and lengths."""
    rules = [run("ip", "-n", there["gateway"], family, "rule") for family in ("-4", "-6")]
    ends = run("ip", "-n", there["gateway"], "-j", "link", "show", "dev", there["inner"]), run(
        "ip", "-j", "link", "show", "dev", there["outer"])
    return [sorted(text.splitlines()) for text in rules], [
        (end["mtu"], "NOARP" in end["flags"]) for text in ends for end in json.loads(text)]


def test_what_is_undone_comes_back(lab, account):
    vif, _, port, bird = both(account, lab)
    (gateway,) = namespaces("dmc-")
    there = {"gateway": gateway, "port": port, "uplink": list(lab.uplinks)[-1],
             "inner": first(run("ip", "-n", gateway, "-br", "link"), "vif-"),
             "outer": first(run("ip", "-br", "link"), "dmcv")}
    lost, before = [], shape(there)
    for what, words in DAMAGE.items():
        subprocess.run(words.format(**there), shell=True, check=True)
        try:
            # A customer who has just heard of another station may not believe the next word at once, and one
            # whose session has ended waits before it tries again.
            until(what, both_ways, seconds=40)
            until("all is as it was", lambda: shape(there) == before, seconds=5)
            until("the sessions are up", lambda: bird.established("s0") and bird.established("s1"), seconds=40)
        except AssertionError as error:
            lost.append((what, str(error)))
    assert lost == []
    assert state(account, vif) == "available"


@pytest.mark.parametrize("change, said", [
    (lambda good, number: {"next_hops": good["next_hops"][:1]}, "no IPv6 next hop"),
    (lambda good, number: {"addresses": []}, "cannot route"),
    (lambda good, number: {"next_hops": []}, "next hop"),
])
def test_an_uplink_that_is_not_whole_is_said_and_heals(lab, account, server, change, said):
    _, transit, _, _ = both(account, lab)
    uplink = list(lab.uplinks)[-1]
    good = dict(lab.uplinks[uplink])
    lab.uplinks[uplink] = {**good, **change(good, uplink)}
    lab.write_bindings()
    until("said", lambda: said in faults_of(server, transit), seconds=5)
    assert uplink in faults_of(server, transit)
    # It is said for as long as it is so.
    until("said again", lambda: said in faults_of(server, transit), seconds=3)
    lab.uplinks[uplink] = good
    lab.write_bindings()
    until("packets", both_ways, seconds=15)
    until("that is over", lambda: faults_of(server, transit) == "", seconds=5)


def test_routes_and_rules_of_somebody_else_are_told(lab, account, server):
    both(account, lab)
    (gateway,) = namespaces("dmc-")
    until("nothing is foreign", lambda: edge(server)["foreign"] == [], seconds=5)
    run("ip", "-n", gateway, "route", "add", "10.99.0.0/16", "dev", "lo", "table", "1001")
    run("ip", "-n", gateway, "-6", "rule", "add", "pref", "500", "from", "2001:db8:1::/48", "table", "7")
    until("both are told", lambda: edge(server)["foreign"] == [
        f"route 10.99.0.0/16 of table 1001 in namespace {gateway}", f"rule 500 in namespace {gateway}"], seconds=5)
    run("ip", "-n", gateway, "route", "del", "10.99.0.0/16", "table", "1001")
    run("ip", "-n", gateway, "-6", "rule", "del", "pref", "500")
    until("they are gone", lambda: edge(server)["foreign"] == [], seconds=5)
    assert both_ways()


def test_a_pair_whose_end_goes_away_is_made_anew(lab, account):
    vif, _, _, bird = both(account, lab)
    (gateway,) = namespaces("dmc-")
    inner = first(run("ip", "-n", gateway, "-br", "link"), "vif-")
    run("ip", "-n", gateway, "link", "set", inner, "netns", PREFIX + "a", "name", "taken")
    until("packets", both_ways, seconds=40)
    until("the sessions are up", lambda: bird.established("s0") and bird.established("s1"), seconds=40)
    until("available", lambda: state(account, vif) == "available")


def test_an_interface_of_somebody_else_with_the_name_of_a_pair_stays(lab, account, server):
    vif, _, _, _ = both(account, lab)
    outer = first(run("ip", "-br", "link"), "dmcv")
    run("ip", "link", "add", "foreign0", "type", "veth", "peer", "name", "theirs", "netns", PREFIX + "a")
    run("ip", "link", "set", "foreign0", "alias", "of somebody else")
    # At once, before the pair is made anew.
    batch = f"link del {outer}\nlink set foreign0 name {outer}\nlink set {outer} up\n"
    subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
    until("it is said", lambda: "in the way and not ours" in faults_of(server, vif), seconds=5)
    until("it is reported", lambda: f"interface {outer}" in edge(server)["foreign"], seconds=5)
    assert "of somebody else" in run("ip", "link", "show", outer)
    run("ip", "link", "del", outer)
    until("packets", both_ways, seconds=40)
    until("nothing is foreign", lambda: edge(server)["foreign"] == [], seconds=5)


def test_a_port_that_is_bound_no_more_is_an_interface_like_any_other(lab, account):
    connection, cable = lab.connected(account)
    port = f"port{cable}"
    index = socket.if_nametoindex(port)
    held = lambda: bool(tied(index)) or "port_in" in run("tc", "filter", "show", "dev", port, "ingress")
    assert held()
    binding = lab.ports.pop(port)
    lab.write_bindings()
    until("it is left", lambda: not held(), seconds=5)
    account.wait_connection(connection, "down")
    lab.ports[port] = binding
    lab.write_bindings()
    account.wait_connection(connection, "available")
    assert held()
