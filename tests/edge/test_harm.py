"""Customers who misbehave harm themselves; what this kernel cannot do is said by name; and all is counted."""

import time
import urllib.request

import pytest

from lab import Bird, has_macsec, ip, never, ping, python, received, session, until
from objects import private, state, vpc_gateway

HOST, SITE = "10.40.1.1", "192.168.77.1"


def edge_of(server, device):
    edges = server.operator("GET", "/_demarc/v1/edges")["edges"]
    return next(edge for edge in edges if edge["device"] == device)


def metric(server, name, *labels):
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name + "{") and all(label in line for label in labels):
                return int(line.split()[-1])
    return None


def test_a_flood_from_one_customer_leaves_the_other_alone(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    bad_cable = lab.connected(account)
    _, bad = private(account, lab, gateway, 1, name="bad", cable=bad_cable, hosts=["192.168.66.1/32"])
    good_vif, good = private(account, lab, gateway, 2, name="good")
    bird = lab.start(Bird("good", session(good, announce=["192.168.77.0/24"], hold=9)))
    mine = lab.start(Bird("bad", session(bad, announce=["192.168.66.0/24"])))
    until("both up", lambda: bird.routes() and mine.routes())
    until("packets", lambda: ping("good", HOST, SITE))
    wrong = lab.site("other", bad_cable[1], 666, "169.254.1.2/30")
    floods = [
        # Thousands of connections to our BGP port, and datagrams to our address, the VPC and a wrong VLAN.
        python("bad", "flood.py", "connect", "169.254.1.1", 179, 8),
        python("bad", "udp.py", "send", "169.254.1.1", 9, 200, 8, 64),
        python("bad", "udp.py", "send", HOST, 9, 200, 8, 9),
    ]
    ip("other", "neigh", "add", "169.254.1.1", "lladdr", "02:00:00:00:00:01", "dev", wrong)
    floods.append(python("other", "udp.py", "send", "169.254.1.1", 9, 100, 8, 64))
    since = bird.flaps()
    lost = 0
    while any(flood.poll() is None for flood in floods):
        lost += not ping("good", HOST, SITE, count=5)
    assert lost <= 1, lost
    assert bird.flaps() == since and state(account, good_vif) == "available"
    opened = int(floods[0].communicate()[0].split()[0])
    assert opened > 500, f"{opened} connections were tried"
    # Nothing keeps the flooder's own session from working afterwards.
    until("the other works, too", lambda: mine.established() and ping("bad", HOST, "192.168.66.1"), seconds=30)
    strays = metric(account.server, "dx_connection_stray_frames_total", bad_cable[0], "unknown-vlan")
    assert strays and strays > 1_000


def test_packets_that_claim_an_address_of_the_gateway_reach_nobody_they_should_not(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    bad_vif, bad = private(account, lab, gateway, 1, name="bad", hosts=["192.168.66.1/32"])
    good_vif, good = private(account, lab, gateway, 2, name="good")
    mine = lab.start(Bird("bad", session(bad, announce=["192.168.66.0/24"], hold=9)))
    bird = lab.start(Bird("good", session(good, announce=["192.168.77.0/24"], hold=9, bfd=True)))
    until("both up", lambda: bird.routes() and mine.routes())
    until("packets", lambda: ping("good", HOST, SITE) and ping("bad", HOST, "192.168.66.1"))
    since = bird.flaps(), mine.flaps()
    before = received("good", good["interface"])
    own, others = [vif["amazonAddress"].split("/")[0] for vif in (bad, good)]
    neighbor = good["customerAddress"].split("/")[0]
    targets = [own, others, neighbor, SITE, HOST]
    for target in targets[1:4]:
        ip("bad", "route", "add", target, "via", own)
    forged = python("bad", "forged.py", 200, f"{own},{others}", ",".join(targets))
    lost = 0
    while forged.poll() is None:
        lost += not ping("good", HOST, SITE, count=5)
    assert int(forged.communicate()[0]) == 200 * 2 * len(targets) * 4
    assert lost == 0
    # A tenth of one kind would be more than BFD and the pings.
    assert received("good", good["interface"]) - before < 400
    assert (bird.flaps(), mine.flaps()) == since
    assert state(account, good_vif) == state(account, bad_vif) == "available"
    assert ping("bad", HOST, "192.168.66.1")


def test_traffic_is_counted_both_ways_and_shown(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    connection, cable = lab.connected(account)
    vif, shown = private(account, lab, gateway, 1, cable=(connection, cable))
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"], bfd=True)))
    until("packets", lambda: ping("a", HOST, SITE))
    device = account.show_connection(connection)["awsDeviceV2"]

    def counters():
        mine = [one for one in edge_of(account.server, device)["virtualInterfaces"] if one["id"] == vif]
        return mine[0]["counters"]

    time.sleep(2)
    before = counters()
    assert python("a", "udp.py", "flows", HOST, 300, SITE).wait() == 0
    time.sleep(2)
    after = counters()
    grown = {name: after[name] - before[name] for name in after}
    # 300 datagrams of 100 bytes, and some keepalives, BFD and ICMP.
    assert 300 <= grown["inPackets"] <= 350 and 300 * 142 <= grown["inBytes"] <= 350 * 142, grown
    assert metric(account.server, "dx_virtual_interface_packets_total", vif, "ingress") >= after["inPackets"]
    assert metric(account.server, "dx_virtual_interface_bgp_status", vif) == 1
    peers = [one for one in edge_of(account.server, device)["virtualInterfaces"] if one["id"] == vif][0]["peers"]
    assert (peers[0]["session"], peers[0]["bfd"], peers[0]["prefixesAccepted"]) == ("up", "up", 1), peers
    assert bird.established()


@pytest.mark.skipif(has_macsec(), reason="this kernel has MACsec: see test_macsec.py")
def test_macsec_is_down_where_the_kernel_has_none_and_must_encrypt_carries_nothing(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    connection, cable = lab.connected(account, bandwidth="10Gbps", macsec=True)
    vif, shown = private(account, lab, gateway, 1, cable=(connection, cable))
    lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets in the clear", lambda: ping("a", HOST, SITE))
    account.dx.associate_mac_sec_key(connectionId=connection, ckn="ab" * 32, cak="cd" * 32)
    status = lambda: account.show_connection(connection)["portEncryptionStatus"]  # noqa: E731
    never("it pretends", lambda: status() == "Encryption Up", 1)
    assert status() == "Encryption Down"
    account.dx.update_connection(connectionId=connection, encryptionMode="must_encrypt")
    until("nothing in the clear", lambda: state(account, vif) == "down" and not ping("a", HOST, SITE, count=1))
    device = account.show_connection(connection)["awsDeviceV2"]
    until("said by name", lambda: any("MACsec" in f["message"] for f in edge_of(account.server, device)["faults"]))
