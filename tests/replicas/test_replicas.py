"""Three replicas over real etcd members, while things go wrong.

DEMARC_NEMESIS_SECONDS says how long the long test plays (30 unless given), DEMARC_NEMESIS_SEED what it does,
DEMARC_HISTORY_CHECKER the program that checks histories (`cargo xtask history` unless given).
"""

import collections
import contextlib
import os
import shutil
import subprocess
import time

import network
import processes
import pytest
from clients import SECONDS, Clients
from nemesis import Nemesis
from processes import ROOT, TOKEN, Etcd, Replica, until, verify
from signing import Key

pytestmark = pytest.mark.skipif(bool(processes.missing()), reason=f"not installed: {processes.missing()}")

#: Small enough to be filled in seconds, large enough for what happens between two compactions.
QUOTA = 64 << 20


@contextlib.contextmanager
def running(folder, members, count, *more, quota=0):
    """On loopback, in the open development mode."""
    with contextlib.ExitStack() as stack:
        etcd = stack.enter_context(Etcd(folder, members, more=["--quota-backend-bytes", str(quota)]))
        store = f"etcd://{etcd.hosts}/test"
        replicas = [stack.enter_context(Replica(folder, f"r{n}", store, *more)) for n in range(count)]
        yield etcd, replicas


@contextlib.contextmanager
def apart(folder, seconds):
    """Three members and three replicas in namespaces of their own, where that is possible."""
    config = folder / "demarc.toml"
    settings = f'[server]\noperator_token = "{TOKEN}"\n[throttle]\nrate = 100000\nburst = 100000\n'
    accounts = (Key(number).toml() for number in range(1, int(seconds / SECONDS) + 5))
    config.write_text(settings + "".join(accounts))
    with contextlib.ExitStack() as stack:
        links = None if network.missing() else stack.enter_context(network.Network())
        etcd = stack.enter_context(Etcd(folder, 3, links, ["--quota-backend-bytes", str(QUOTA)]))
        store = f"etcd://{etcd.hosts}/test"
        replicas = [Replica(folder, f"r{n}", store, network=links, number=21 + n, config=config) for n in range(3)]
        for replica in replicas:
            stack.enter_context(replica)
        yield etcd, replicas, links


def port(replica, name):
    made = replica.insist("CreateConnection", location="EqDC2", bandwidth="10Gbps", connectionName=name)
    found = {"connectionId": made["connectionId"]}
    until(
        lambda: replica.insist("DescribeConnections", **found)["connections"][0]["connectionState"] == "available",
        "provisioning a port",
    )
    return made["connectionId"]


def check_history(path):
    named = os.environ.get("DEMARC_HISTORY_CHECKER")
    command = [named] if named else ["cargo", "run", "--quiet", "--package", "xtask", "--"]
    checked = subprocess.run([*command, "history", str(path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return checked.stdout.strip()


def check_events(replicas):
    """All replicas tell the same story from where the youngest one's begins, and nothing in it happens twice."""
    streams = [{event["number"]: event for event in replica.events()} for replica in replicas]
    begin = max(min(stream) for stream in streams)
    common = [{number: event for number, event in stream.items() if number >= begin} for stream in streams]
    assert common[0], "nothing that all replicas saw"
    assert common[0] == common[1] == common[2]
    for stream in streams:
        words = {}
        for event in stream.values():
            if event["detail-type"] == "Direct Connect Virtual Interface State Change":
                which, detail = event["resources"][0], event["detail"]
                assert words.get(which, detail["previousState"]) == detail["previousState"], event
                words[which] = detail["state"]
    return len(common[0])


# What it finds is never a matter of mood.
@pytest.mark.flaky(reruns=0)
def test_every_history_is_linearizable_while_members_replicas_links_and_clocks_fail(tmp_path):
    seconds = float(os.environ.get("DEMARC_NEMESIS_SECONDS", "30"))
    seed = int(os.environ.get("DEMARC_NEMESIS_SEED", "1"))
    with apart(tmp_path, seconds) as (etcd, replicas, links):
        if links is None:
            print(f"links are not cut: {network.missing()}")
        if not processes.find_faketime():
            print("clocks are not skewed: faketime is not installed")
        clients = Clients(replicas, seed)
        nemesis = Nemesis(etcd, replicas, links, seed)
        nemesis.start()
        try:
            clients.play(seconds)
        finally:
            nemesis.stop()
        for replica in replicas:
            until(lambda replica=replica: replica.health()[0] == 200, "recovering", timeout=60)
        # Something that all replicas see happen, whatever was the last to befall them.
        clients.stages.append(clients.prepare(len(clients.stages) + 1))
        for replica in replicas:
            clients.look_back(replica)
        history = tmp_path / "history.jsonl"
        clients.write_history(history)
        if keep := os.environ.get("DEMARC_NEMESIS_KEEP"):
            shutil.copy(history, keep)
        events = check_events(replicas)
        checked = check_history(history)
        status, told = verify(replicas[0].store, replicas[0].config)
        assert status == 0, told
    print(f"seed {seed}, {seconds:.0f} s, {len(clients.stages)} stages: {checked}; {events} events on each replica")
    print(f"{len(nemesis.done)} deeds: {dict(collections.Counter(nemesis.done))}")
    print(f"{len(clients.answered)} answered writes, the longest pause {clients.longest_pause():.1f} s")
    for (operation, status), count in sorted(clients.counts.items(), key=str):
        print(f"{operation} {status}: {count}")
    assert len(clients.answered) > seconds, "hardly anything was answered"


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


def test_stale_reads_are_answered_without_a_quorum_and_said_to_be_stale(tmp_path):
    with running(tmp_path, 1, 1, "--stale-reads") as (etcd, (replica,)):
        found = port(replica, "before")
        etcd.members[0].kill()
        until(lambda: replica.health()[1]["status"] == "stale", "noticing")
        assert replica.health()[0] == 200
        shown = replica.insist("DescribeConnections")["connections"]
        assert [one["connectionId"] for one in shown] == [found]
        refused = {"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "no"}
        status, _ = replica.call("CreateConnection", timeout=30, **refused)
        assert status in (500, 503)
        etcd.members[0].start()
        until(lambda: replica.health()[1]["status"] == "ok", "recovering")
        port(replica, "after")


def test_a_full_quota_is_told_and_writes_go_on_after_disarming(tmp_path):
    with running(tmp_path, 1, 2, quota=16 << 20) as (etcd, replicas):
        found = port(replicas[0], "before")
        assert etcd.fill()
        for replica in replicas:
            until(lambda replica=replica: replica.health()[1]["status"] == "read-only", "noticing")
            status, told = replica.health()
            assert (status, "space exceeded" in told["problem"]) == (200, True), told
            status, answer = replica.call("UpdateConnection", connectionId=found, connectionName="no")
            assert (status, answer["__type"]) == (503, "ServiceUnavailableException")
            assert "space exceeded" in answer["message"]
            shown = replica.insist("DescribeConnections")["connections"]
            assert [one["connectionName"] for one in shown] == ["before"]
        etcd.empty()
        for replica in replicas:
            until(lambda replica=replica: replica.health()[1]["status"] == "ok", "recovering")
            replica.insist("UpdateConnection", connectionId=found, connectionName="after")


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
