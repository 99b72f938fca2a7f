"""A hundred random steps; after each ten the kernel is exactly what the API describes."""

import json
import os
import random

import botocore.exceptions

from lab import Bird, namespaces, ping, run, session, until
from objects import KEY, addresses, private, state, vpc_gateway

STEPS = 100


class Walk:
    def __init__(self, lab, account, seed):
        self.lab, self.account, self.dice = lab, account, random.Random(seed)
        self.connections = [lab.connected(account) for _ in range(3)]
        self.gateways = [account.gateway(asn=64_600 + n)["directConnectGatewayId"] for n in range(3)]
        self.unplugged = set()
        self.made = 0

    def vifs(self):
        shown = self.account.dx.describe_virtual_interfaces()["virtualInterfaces"]
        return [vif for vif in shown if vif["virtualInterfaceState"] not in ("deleted", "deleting")
                and vif["vlan"] < 1_000]

    def create(self):
        self.made += 1
        connection, _ = self.dice.choice(self.connections)
        self.account.private_vif(
            connection, wait=None, directConnectGatewayId=self.dice.choice(self.gateways), vlan=200 + self.made,
            asn=65_001, authKey=KEY, mtu=self.dice.choice((1500, 9001)), **addresses(self.made % 200 + 20),
            enableSiteLink=self.dice.random() < 0.5)

    def delete(self, vif):
        self.account.dx.delete_virtual_interface(virtualInterfaceId=vif)

    def move(self, vif):
        connection, _ = self.dice.choice(self.connections)
        self.account.dx.associate_virtual_interface(virtualInterfaceId=vif, connectionId=connection)

    def change(self, vif):
        self.account.dx.update_virtual_interface_attributes(
            virtualInterfaceId=vif, **self.dice.choice((
                {"mtu": 1500}, {"mtu": 9001}, {"enableSiteLink": True}, {"enableSiteLink": False},
                {"rateLimit": "100Mbps"})))

    def second_family(self, vif):
        self.account.dx.create_bgp_peer(virtualInterfaceId=vif, newBGPPeer={
            "asn": 65_001, "addressFamily": "ipv6", "authKey": KEY})

    def test_failover(self, vif):
        self.account.dx.start_bgp_failover_test(virtualInterfaceId=vif, testDurationInMinutes=1)

    def fail(self):
        _, cable = self.dice.choice(self.connections)
        self.lab.unplug(cable, plug=cable in self.unplugged)
        self.unplugged ^= {cable}

    def step(self):
        there = [vif["virtualInterfaceId"] for vif in self.vifs()]
        kind = self.dice.choice(["create", "create", "delete", "move", "change", "second_family", "test_failover",
                                 "fail"])
        try:
            if kind in ("create", "fail"):
                getattr(self, kind)()
            elif there:
                getattr(self, kind)(self.dice.choice(there))
        except botocore.exceptions.ClientError as refusal:
            # What the API refuses is to leave no trace either.
            assert refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 400, refusal
        return kind

    def wanted(self):
        found = {}
        for vif in self.vifs():
            subnets = {peer["amazonAddress"] for peer in vif["bgpPeers"] if peer["bgpPeerState"] == "available"}
            name = f"vif-{vif['virtualInterfaceId'].split('-')[1]}"
            found.setdefault(f"dmc-{vif['directConnectGatewayId']}", {})[name] = (vif["mtu"], frozenset(subnets))
        return found


def kernel():
    """By namespace and interface: the MTU and the addresses."""
    found = {}
    for name in namespaces("dmc-"):
        links = json.loads(run("ip", "-j", "-n", name, "addr", check=False) or "[]")
        found[name] = {
            link["ifname"]: (link["mtu"], frozenset(
                f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] == "global"
                or a["local"].startswith("169.254.")))
            for link in links if link["ifname"].startswith("vif-")}
    return found


def test_a_hundred_random_steps_leave_the_kernel_as_the_api_describes_it(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1, vlan=1_001)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("the bystander is up", lambda: ping("a", "10.40.1.1", "192.168.77.1"))
    since = bird.flaps()

    seed = int(os.environ.get("DEMARC_SEED", random.randrange(1 << 32)))
    print(f"DEMARC_SEED={seed}")
    walk = Walk(lab, account, seed)
    steps = []

    def settled():
        beside = {name: rest for name, rest in kernel().items() if name != f"dmc-{gateway}"}
        return beside == walk.wanted()

    for number in range(STEPS):
        steps.append(walk.step())
        if number % 10 == 9:
            try:
                until("the kernel is as described", settled, seconds=10, every=0.1)
            except AssertionError:
                raise AssertionError((seed, steps, walk.wanted(), kernel())) from None
    pairs = [line for line in run("ip", "-br", "link").splitlines() if line.startswith("dmcv")]
    assert len(pairs) == len(walk.vifs()) + 1
    for one in walk.vifs():
        account.dx.delete_virtual_interface(virtualInterfaceId=one["virtualInterfaceId"])
    until("only the bystander is left", lambda: namespaces("dmc-") == [f"dmc-{gateway}"])
    assert bird.flaps() == since and state(account, vif) == "available", "the bystander noticed"
    assert ping("a", "10.40.1.1", "192.168.77.1")
