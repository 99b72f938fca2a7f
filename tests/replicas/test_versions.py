"""Replicas of this and of the next version side by side, as far as this version's part goes."""

import contextlib
import hashlib
import json

import processes
import pytest
from processes import Etcd, Replica, until
from test_store import demarc, furnish

pytestmark = pytest.mark.skipif(bool(processes.missing()), reason=f"not installed: {processes.missing()}")


def rewritten(dump, change):
    """The dump with every entry changed as told."""
    header, *entries, _ = dump.splitlines()
    text = "".join(f"{line}\n" for line in [header, *(json.dumps(change(json.loads(line))) for line in entries)])
    footer = {"entries": len(entries), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return text + json.dumps(footer, separators=(",", ":")) + "\n"


def test_documents_with_members_that_the_next_version_added_are_served(tmp_path):
    with Etcd(tmp_path, 1) as etcd:
        this, following = (f"etcd://{etcd.hosts}/{name}" for name in ("this", "next"))
        with Replica(tmp_path, "this", this) as replica:
            furnish(replica, "one")
        dump = demarc("store", "export", "--store", this).stdout
        added = rewritten(dump, lambda entry: {**entry, "value": {**entry["value"], "addedNext": {"deep": [1]}}})
        imported = demarc("store", "import", "--store", following, stdin=added)
        assert imported.returncode == 0, imported
        with Replica(tmp_path, "next", following) as replica:
            shown = replica.insist("DescribeVirtualInterfaces")["virtualInterfaces"]
            assert [one["virtualInterfaceName"] for one in shown] == ["one"]
            renamed = {"virtualInterfaceId": shown[0]["virtualInterfaceId"], "virtualInterfaceName": "two"}
            replica.insist("UpdateVirtualInterfaceAttributes", **renamed)


def test_a_store_of_the_next_format_is_left_alone_by_this_version(tmp_path):
    with contextlib.ExitStack() as stack:
        etcd = stack.enter_context(Etcd(tmp_path, 1))
        store = f"etcd://{etcd.hosts}/test"
        replicas = [stack.enter_context(Replica(tmp_path, f"r{n}", store)) for n in range(2)]
        furnish(replicas[0], "one")
        # What the next version does first when all replicas have been replaced.
        etcd.control("put", "/test/format", "2")
        before = etcd.control("get", "--prefix", "/test/v1/").stdout
        for replica in replicas:
            until(lambda replica=replica: replica.health()[0] == 503, "noticing")
            assert "use the newer program" in replica.health()[1]["problem"]
            for operation, body in (
                ("DescribeConnections", {}),
                ("CreateConnection", {"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "no"}),
            ):
                status, answer = replica.call(operation, timeout=30, **body)
                assert (status, answer["__type"]) == (503, "ServiceUnavailableException")
                assert "use the newer program" in answer["message"]
        started = demarc("serve", "--listen", "127.0.0.1:0", "--store", store)
        assert started.returncode == 2 and "use the newer program" in started.stderr, started
        verified = demarc("store", "verify", "--store", store)
        assert verified.returncode != 0 and "use the newer program" in verified.stderr, verified
        assert etcd.control("get", "--prefix", "/test/v1/").stdout == before
        # The next version gave up before it changed anything else.
        etcd.control("put", "/test/format", "1")
        for replica in replicas:
            until(lambda replica=replica: replica.health()[0] == 200, "recovering")


def test_an_entry_of_a_kind_that_only_the_next_version_knows_ends_this_one(tmp_path):
    with Etcd(tmp_path, 1) as etcd:
        store = f"etcd://{etcd.hosts}/test"
        with Replica(tmp_path, "r0", store) as replica:
            furnish(replica, "one")
        dump = demarc("store", "export", "--store", store).stdout
        lines = dump.splitlines()
        lines.insert(len(lines) - 1, '{"key":"wormhole/1","value":{}}')
        other = f"etcd://{etcd.hosts}/other"
        unknown = rewritten("\n".join(lines), lambda entry: entry)
        refused = demarc("store", "import", "--store", other, stdin=unknown)
        assert refused.returncode == 1 and "wormhole/1" in refused.stdout, refused
        assert demarc("store", "import", "--unchecked", "--store", other, stdin=unknown).returncode == 0
        started = demarc("serve", "--listen", "127.0.0.1:0", "--store", other)
        assert started.returncode == 2, started
        assert "wormhole/1" in started.stderr and "newer version" in started.stderr, started
