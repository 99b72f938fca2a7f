"""Three replicas over real etcd members, while things go wrong.

DEMARC_NEMESIS_SECONDS says how long the long test plays (30 unless given), DEMARC_NEMESIS_SEED what it does.
"""

import collections
import concurrent.futures
import contextlib
import http.client
import os
import random
import time

import processes
import pytest
from history import Operation, Register
from nemesis import Nemesis
from processes import Etcd, Replica, until

pytestmark = pytest.mark.skipif(bool(processes.missing()), reason=f"not installed: {processes.missing()}")

CLIENTS = 8
VLANS = range(100, 116)
#: An answer that says that nothing was done.
REFUSED = {400, 503}


@contextlib.contextmanager
def running(folder, members, count):
    with contextlib.ExitStack() as stack:
        etcd = stack.enter_context(Etcd(folder, members))
        store = f"etcd://{etcd.hosts}/test"
        replicas = [stack.enter_context(Replica(folder, f"r{n}", store)) for n in range(count)]
        yield etcd, replicas


def port(replica, name):
    made = replica.insist("CreateConnection", location="EqDC2", bandwidth="10Gbps", connectionName=name)
    found = {"connectionId": made["connectionId"]}
    until(
        lambda: replica.insist("DescribeConnections", **found)["connections"][0]["connectionState"] == "available",
        "provisioning a port",
    )
    return made["connectionId"]


def gateway(replica):
    made = replica.insist("CreateDirectConnectGateway", directConnectGatewayName="test", amazonSideAsn=64600)
    return made["directConnectGateway"]["directConnectGatewayId"]


def interface(connection, gateway_id, vlan, name="test"):
    fields = {
        "virtualInterfaceName": name, "vlan": vlan, "asn": 65000, "directConnectGatewayId": gateway_id,
    }  # fmt: skip
    return {"connectionId": connection, "newPrivateVirtualInterface": fields}


class Clients:
    """Random callers, and what they were told."""

    def __init__(self, replicas):
        self.replicas = replicas
        self.ports = [port(replicas[0], "a"), port(replicas[0], "b")]
        self.gateway = gateway(replicas[0])
        self.registers = {}
        for vlan in (10, 11):
            body = interface(self.ports[0], self.gateway, vlan, name="first")
            made = replicas[0].insist("CreatePrivateVirtualInterface", **body)
            self.registers[made["virtualInterfaceId"]] = Register("first")
        self.made, self.deleted = [], []
        self.counts = collections.Counter()

    def call(self, dice, operation, **body):
        """(outcome, answer): "yes", "no" or "perhaps"."""
        replica = dice.choice(self.replicas)
        try:
            status, answer = replica.call(operation, **body)
        except (OSError, http.client.HTTPException, ValueError):
            status, answer = None, None
        outcome = "yes" if status == 200 else "no" if status in REFUSED else "perhaps"
        self.counts[operation, status] += 1
        return outcome, answer

    def play(self, number, seconds, seed):
        dice = random.Random(seed * 1000 + number)
        deadline = time.monotonic() + seconds
        mine, step = [], 0
        while time.monotonic() < deadline:
            step += 1
            time.sleep(dice.uniform(0, 0.05))
            deed = dice.choice([self.create, self.move, self.delete, self.rename, self.show, self.show])
            deed(dice, mine, f"{number}-{step}")

    def create(self, dice, mine, _name):
        body = interface(dice.choice(self.ports), self.gateway, dice.choice(VLANS))
        outcome, answer = self.call(dice, "CreatePrivateVirtualInterface", **body)
        if outcome == "yes":
            mine.append(answer["virtualInterfaceId"])
            self.made.append(answer["virtualInterfaceId"])

    def move(self, dice, mine, _name):
        if mine:
            body = {"virtualInterfaceId": dice.choice(mine), "connectionId": dice.choice(self.ports)}
            self.call(dice, "AssociateVirtualInterface", **body)

    def delete(self, dice, mine, _name):
        if mine:
            gone = mine.pop(dice.randrange(len(mine)))
            self.deleted.append(gone)
            self.call(dice, "DeleteVirtualInterface", virtualInterfaceId=gone)

    def rename(self, dice, _mine, name):
        which, register = dice.choice(list(self.registers.items()))
        operation = Operation(name, time.monotonic(), 0)
        body = {"virtualInterfaceId": which, "virtualInterfaceName": name}
        outcome, _ = self.call(dice, "UpdateVirtualInterfaceAttributes", **body)
        operation.ended = time.monotonic()
        register.write(operation, outcome)

    def show(self, dice, _mine, _name):
        which, register = dice.choice(list(self.registers.items()))
        begun = time.monotonic()
        outcome, answer = self.call(dice, "DescribeVirtualInterfaces", virtualInterfaceId=which)
        if outcome == "yes":
            name = answer["virtualInterfaces"][0]["virtualInterfaceName"]
            register.read(Operation(name, begun, time.monotonic()))

    def check(self, replica):
        """No double VLAN, no answered write lost, no impossible read."""
        shown = replica.insist("DescribeVirtualInterfaces")["virtualInterfaces"]
        live = [found for found in shown if found["virtualInterfaceState"] not in ("deleted", "deleting")]
        places = collections.Counter((found["connectionId"], found["vlan"]) for found in live)
        assert [place for place, count in places.items() if count > 1] == []
        lost = set(self.made) - set(self.deleted) - {found["virtualInterfaceId"] for found in live}
        assert not lost
        for which, register in self.registers.items():
            assert register.problems() == [], which


def test_nothing_is_lost_or_doubled_while_members_and_replicas_die(tmp_path):
    seconds = float(os.environ.get("DEMARC_NEMESIS_SECONDS", "30"))
    seed = int(os.environ.get("DEMARC_NEMESIS_SEED", "1"))
    with running(tmp_path, 3, 3) as (etcd, replicas):
        clients = Clients(replicas)
        nemesis = Nemesis(etcd, replicas, seed)
        nemesis.start()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            played = [pool.submit(clients.play, n, seconds, seed) for n in range(CLIENTS)]
            for one in played:
                one.result()
        nemesis.stop()
        for replica in replicas:
            until(lambda replica=replica: replica.health()[0] == 200, "recovering")
            clients.check(replica)
        print(f"seed {seed}: {nemesis.done}")
        for (operation, status), count in sorted(clients.counts.items(), key=str):
            print(f"{operation} {status}: {count}")
        answered = sum(count for (_, status), count in clients.counts.items() if status == 200)
        assert answered > seconds, "hardly anything was answered"


def test_a_lost_quorum_is_told_and_found_again(tmp_path):
    with running(tmp_path, 3, 1) as (etcd, (replica,)):
        port(replica, "before")
        for member in etcd.members[:2]:
            member.kill()
        until(lambda: replica.health()[0] == 503, "noticing")
        assert replica.health()[1]["status"] == "unavailable"
        status, answer = replica.call("DescribeConnections", timeout=30)
        assert (status, answer["__type"]) == (503, "ServiceUnavailableException")
        for member in etcd.members[:2]:
            member.start()
        until(lambda: replica.health()[0] == 200, "recovering")
        port(replica, "after")


def test_another_replica_leads_within_seconds(tmp_path):
    with running(tmp_path, 1, 2) as (_, replicas):
        roles = lambda: [replica.health()[1].get("role") for replica in replicas]  # noqa: E731
        until(lambda: sorted(map(str, roles())) == ["follower", "leader"], "choosing a leader")
        other, leader = sorted(replicas, key=lambda replica: replica.health()[1]["role"])
        leader.kill()
        begun = time.monotonic()
        until(lambda: other.health()[1]["role"] == "leader", "taking over", timeout=10)
        print(f"taken over {time.monotonic() - begun:.1f} s after kill -9")
        port(other, "by the new leader")
        leader.start()
        until(lambda: leader.health()[0] == 200, "starting again")
        other.terminate()
        begun = time.monotonic()
        until(lambda: leader.health()[1]["role"] == "leader", "taking over", timeout=3)
        print(f"taken over {time.monotonic() - begun:.1f} s after SIGTERM")
