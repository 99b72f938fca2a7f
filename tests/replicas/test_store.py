"""One service on etcd as operators run it: over TLS with a login, and moved between engines."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess

import processes
import pytest
from processes import Etcd, Replica, find_binary, until

pytestmark = pytest.mark.skipif(bool(processes.missing()), reason=f"not installed: {processes.missing()}")


def demarc(*arguments, stdin=None, **environment):
    """A command that ends by itself."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DEMARC_")}
    return subprocess.run(
        [str(find_binary()), *arguments], env={**clean, **environment},
        input=stdin, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


class Embedded(Replica):
    """A service with a data directory."""

    def command(self):
        return [str(find_binary()), "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.store, "--settle", "0"]


def furnish(replica, name):
    """A port, a gateway and a virtual interface, all in the state that they stay in."""
    port = replica.insist("CreateConnection", location="EqDC2", bandwidth="10Gbps", connectionName=name)
    port = port["connectionId"]
    until(
        lambda: replica.insist("DescribeConnections", connectionId=port)["connections"][0]["connectionState"]
        == "available",
        "provisioning a port",
    )
    gateway = replica.insist("CreateDirectConnectGateway", directConnectGatewayName=name, amazonSideAsn=64600)
    gateway = gateway["directConnectGateway"]["directConnectGatewayId"]
    fields = {"virtualInterfaceName": name, "vlan": 100, "asn": 65000, "directConnectGatewayId": gateway}
    made = replica.insist("CreatePrivateVirtualInterface", connectionId=port, newPrivateVirtualInterface=fields)
    until(
        lambda: replica.insist("DescribeVirtualInterfaces", virtualInterfaceId=made["virtualInterfaceId"])[
            "virtualInterfaces"
        ][0]["virtualInterfaceState"]
        == "available",
        "a session of the virtual interface",
    )


def contents(replica):
    operations = ("DescribeConnections", "DescribeVirtualInterfaces", "DescribeDirectConnectGateways")
    return [replica.insist(operation) for operation in operations]


# ===== moving =====


def test_a_service_moves_from_a_directory_to_etcd_and_back_and_to_the_revision_of_its_backup(tmp_path):
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    backup, dump = str(tmp_path / "backup.jsonl"), str(tmp_path / "dump.jsonl")
    with Embedded(tmp_path, "embedded", first) as service:
        furnish(service, "one")
        before = contents(service)
        service.terminate()
    exported = demarc("store", "export", "--data", first, "--to", backup)
    described = exported.stderr.removeprefix("demarc: exported ")
    assert exported.returncode == 0 and described.startswith("revision "), exported
    with Etcd(tmp_path, 1) as etcd:
        store = f"etcd://{etcd.hosts}/moved"
        imported = demarc("store", "import", "--store", store, "--from", backup)
        assert (imported.returncode, imported.stdout) == (0, f"imported {described}"), imported
        again = demarc("store", "import", "--store", store, "--from", backup)
        assert again.returncode == 1 and "not empty" in again.stderr
        verified = demarc("store", "verify", "--store", store)
        assert (verified.returncode, verified.stdout) == (0, f"all is well with {described}"), verified
        with Replica(tmp_path, "replica", store) as replica:
            assert contents(replica) == before
            furnish(replica, "two")
            after = contents(replica)
            # While it serves.
            exported = demarc("store", "export", "--store", store, "--to", dump)
            assert exported.returncode == 0, exported
        for command in (["export", "--to", str(tmp_path / "nothing.jsonl")], ["verify"]):
            nowhere = demarc("store", *command, "--store", f"etcd://{etcd.hosts}/typo")
            assert nowhere.returncode == 2 and "there is no store at etcd://" in nowhere.stderr, nowhere
        assert not (tmp_path / "nothing.jsonl").exists()
        # The backup again, beside what has become of the service since.
        restored = f"etcd://{etcd.hosts}/restored"
        assert demarc("store", "import", "--store", restored, "--from", backup).returncode == 0
        verified = demarc("store", "verify", "--store", restored)
        assert verified.stdout == f"all is well with {described}", verified
    imported = demarc("store", "import", "--data", second, stdin=(tmp_path / "dump.jsonl").read_text())
    assert imported.returncode == 0, imported
    with Embedded(tmp_path, "back", second) as service:
        assert contents(service) == after


def test_what_makes_no_sense_is_not_imported(tmp_path):
    first, dump, bad = str(tmp_path / "first"), tmp_path / "dump.jsonl", tmp_path / "bad.jsonl"
    with Embedded(tmp_path, "embedded", first) as service:
        furnish(service, "one")
        service.terminate()
    assert demarc("store", "export", "--data", first, "--to", str(dump)).returncode == 0
    lines = dump.read_text().splitlines()[:-1]
    # The port is gone, its virtual interface is not.
    lines = [line for line in lines if not line.startswith('{"key":"connection/')]
    text = "".join(f"{line}\n" for line in lines)
    footer = {"entries": len(lines) - 1, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    bad.write_text(text + json.dumps(footer, separators=(",", ":")) + "\n")
    with Etcd(tmp_path, 1) as etcd:
        for place in (["--data", str(tmp_path / "second")], ["--store", f"etcd://{etcd.hosts}/bad"]):
            refused = demarc("store", "import", *place, "--from", str(bad))
            assert refused.returncode == 1 and "wrong with revision" in refused.stderr, refused
            assert "dxvif-" in refused.stdout
            # Nothing was written, so the next import finds an empty store.
            forced = demarc("store", "import", *place, "--from", str(bad), "--unchecked")
            assert forced.returncode == 0, forced
            found = demarc("store", "verify", *place)
            assert found.returncode == 1 and "dxvif-" in found.stdout, found


def test_a_store_is_in_one_place():
    both = demarc("serve", "--data", "d", "--store", "etcd://127.0.0.1:1")
    assert both.returncode == 2 and "--store" in both.stderr, both


# ===== getting in =====


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def certificates(folder, name):
    """An authority, and certificates of a member and of a client that it signed."""
    paths = {part: str(folder / f"{name}-{part}.pem") for part in ("ca", "ca-key", "member", "key", "client", "client-key")}
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}",
            "-keyout", paths["ca-key"], "-out", paths["ca"])  # fmt: skip
    signed = ["-CA", paths["ca"], "-CAkey", paths["ca-key"], "-CAcreateserial", "-days", "2"]
    for who, secret in (("member", "key"), ("client", "client-key")):
        request, extensions = folder / "request.pem", folder / "extensions"
        openssl("req", *key, "-subj", f"/CN={who}", "-keyout", paths[secret], "-out", str(request))
        extensions.write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", str(request), *signed, "-extfile", str(extensions), "-out", paths[who])
    return paths


class SecureEtcd(Etcd):
    """TLS with client certificates, and a user who may use one prefix."""

    def __init__(self, folder, files):
        self.files = files
        super().__init__(folder, 1, more=[
            "--cert-file", files["member"], "--key-file", files["key"],
            "--client-cert-auth", "--trusted-ca-file", files["ca"],
        ])  # fmt: skip
        member = self.members[0]
        plain = member.command
        member.command = lambda: [
            f"https://127.0.0.1:{member.port}" if part == f"http://127.0.0.1:{member.port}" else part for part in plain()
        ]

    def control(self, *arguments, member=None, stdin=None):
        files = self.files
        secure = ["--cacert", files["ca"], "--cert", files["client"], "--key", files["client-key"]]
        return super().control(*secure, *arguments, member=member, stdin=stdin)

    def protect(self):
        for arguments in (
            ["user", "add", "root:secret"], ["user", "grant-role", "root", "root"],
            ["role", "add", "demarc"], ["role", "grant-permission", "demarc", "readwrite", "/test/", "/test0"],
            ["user", "add", "demarc:open sesame"], ["user", "grant-role", "demarc", "demarc"], ["auth", "enable"],
        ):  # fmt: skip
            done = self.control(*arguments)
            assert done.returncode == 0, (arguments, done.stderr)


class SecureReplica(Replica):
    login = {"DEMARC_ETCD_USER": "demarc", "DEMARC_ETCD_PASSWORD": "open sesame"}

    def environment(self):
        return {**super().environment(), **self.login}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="not installed: openssl")
def test_etcd_is_reached_over_tls_with_a_certificate_and_a_password_and_not_otherwise(tmp_path):
    files, strangers = certificates(tmp_path, "ours"), certificates(tmp_path, "theirs")
    with contextlib.ExitStack() as stack:
        etcd = stack.enter_context(SecureEtcd(tmp_path, files))
        etcd.protect()
        store = f"etcds://{etcd.hosts}/test"
        own = ["--etcd-cert", files["client"], "--etcd-key", files["client-key"]]
        good = ["--etcd-ca", files["ca"], *own]
        one = stack.enter_context(SecureReplica(tmp_path, "r0", store, *good))
        other = stack.enter_context(SecureReplica(tmp_path, "r1", store, *good))
        furnish(one, "secure")
        assert contents(other) == contents(one)
        login = SecureReplica.login
        verified = demarc("store", "verify", "--store", store, *good, **login)
        assert verified.returncode == 0, verified
        serve = ["serve", "--listen", "127.0.0.1:0"]
        stranger = ["--etcd-cert", strangers["client"], "--etcd-key", strangers["client-key"]]
        for arguments, environment, why in (
            (["--store", store, *good], {**login, "DEMARC_ETCD_PASSWORD": "guess"}, "authentication failed"),
            # The certificate alone names a user that etcd does not know.
            (["--store", store, *good], {}, "permission denied"),
            (["--store", store.replace("/test", "/other"), *good], login, "permission denied"),
            (["--store", store, "--etcd-ca", strangers["ca"], *own], login, "certificate"),
            (["--store", store, "--etcd-ca", files["ca"]], login, "etcd"),
            (["--store", store, "--etcd-ca", files["ca"], *stranger], login, "etcd"),
            (["--store", store.replace("etcds", "etcd")], login, "etcd"),
            (["--store", store], login, "--etcd-ca"),
        ):
            refused = demarc(*serve, *arguments, **environment)
            assert refused.returncode == 2 and why in refused.stderr, (arguments, environment, refused)
            assert "sesame" not in refused.stderr
