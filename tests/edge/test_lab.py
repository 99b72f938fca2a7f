"""`demarc lab`, as people run it: up, a look around, down, and nothing left.

Run as root: DEMARC_BIN=... pytest tests/edge
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from support.server import find_binary  # noqa: E402


def missing():
    if os.geteuid() != 0:
        return "needs root"
    if not (shutil.which("bird") or pathlib.Path("/usr/lib/frr/bgpd").is_file()):
        return "needs bird or frr"
    return None


pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

INSTALLED = [
    pytest.param("bird", marks=pytest.mark.skipif(not shutil.which("bird"), reason="needs bird")),
    pytest.param(
        "frr", marks=pytest.mark.skipif(not pathlib.Path("/usr/lib/frr/bgpd").is_file(), reason="needs frr")
    ),
]

#: One account, one VPC, one customer with one cable.
SMALL = """
region = "eu-west-1"
account = [{ name = "one", id = "333333333333" }]
vpc = [{ name = "cloud", account = "one", cidr = "10.9.0.0/16" }]
gateway = [{ name = "gateway", account = "one", asn = 64600, vpcs = ["cloud"] }]
connection = [{ name = "line", account = "one", location = "EqLD5" }]
customer = [{ name = "office", asn = 65100, network = "192.168.9.0/24" }]
virtual_interface = [{ name = "vif", connection = "line", customer = "office", gateway = "gateway", vlan = 300 }]
"""


#: What the labs of these tests are made of; other tests may have namespaces of theirs at the same time.
OURS = {"cage", "hq", "branch", "globex", "acme-vpc", "globex-vpc", "office", "cloud"}


def namespaces():
    """The lab's namespaces that the machine knows of."""
    listed = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    return sorted({line.split()[0] for line in listed.splitlines()} & OURS)


def runs(pid):
    """A process that ended, but that nobody has asked about yet, does not run."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Lab:
    def __init__(self, directory):
        self.directory = directory

    def run(self, *words, check=True, environment=None):
        command = [str(find_binary()), "lab", *words]
        environment = {**os.environ, "DEMARC_LAB": str(self.directory), **(environment or {})}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout
        return done

    def start(self, *words):
        environment = {**os.environ, "DEMARC_LAB": str(self.directory)}
        command = [str(find_binary()), "lab", *words]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)

    def refused(self, *words, environment=None):
        done = self.run(*words, check=False, environment=environment)
        assert done.returncode == 2, done
        assert done.stderr.startswith("demarc: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def why(self, url, destination, vif):
        command = [str(find_binary()), "why", "--url", url, destination, "--vif", vif]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

    def status(self):
        return json.loads(self.run("status", "--json"))


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path / "lab")
    yield lab
    lab.run("down", check=False)


@pytest.mark.parametrize("daemon", INSTALLED)
def test_the_example_comes_up_shows_itself_and_leaves_nothing(lab, daemon):
    said = lab.run("up", "--listen", "127.0.0.1:0", "--router", daemon)
    # What was done can be repeated by hand, and what is shown was seen on the wire.
    assert "aws directconnect confirm-private-virtual-interface --direct-connect-gateway-id" in said
    reached = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.split()[1:2] in (["yes"], ["no"])}
    assert reached == {
        "hq": ["yes", "no", "-", "yes", "no"],
        "branch": ["yes", "no", "yes", "-", "no"],
        "globex": ["no", "yes", "no", "no", "-"],
    }
    ways = [line.split() for line in said.splitlines() if line.split()[:1] in (["before"], ["without"], ["during"])]
    before_cut, without, during = (way[3] for way in ways)
    assert before_cut != without and without == during, ways
    assert "hq-primary is down" in said and "hq-primary is testing" in said

    status = lab.status()
    assert {vif["virtualInterfaceName"]: (vif["state"], vif["bgp"]) for vif in status["virtualInterfaces"]} == {
        name: ("available", "up") for name in ("hq-primary", "hq-backup", "branch", "globex-hosted")
    }
    assert "10.40.0.0/16" in lab.run("exec", "hq", "ip", "route")
    ask = ["birdc", "show", "protocols"] if daemon == "bird" else ["vtysh", "-c", "show bgp summary"]
    assert "hq_backup" in lab.run("exec", "hq", *ask).replace("-", "_")
    # Routes can be explained.
    vifs = {vif["virtualInterfaceName"]: vif["virtualInterfaceId"] for vif in status["virtualInterfaces"]}
    said = lab.why(status["url"], "192.168.1.1", vifs["hq-backup"])
    assert "is accepted" in said and f"local preference decides for {vifs['hq-primary']}" in said, said
    said = lab.why(status["url"], "10.40.0.1", vifs["hq-primary"])
    assert "The customer is told of 10.40.0.0/16" in said and "which comes from vgw-" in said, said
    # The lab is out of everybody's way while it is up.
    assert namespaces() == []

    assert "already" in lab.refused("up", "--listen", "127.0.0.1:0")
    assert "no `nobody`" in lab.refused("exec", "nobody", "true")
    pid = status["pid"]
    lab.run("down")
    assert not lab.directory.exists()
    assert not runs(pid)
    assert namespaces() == []
    assert "no lab is up" in lab.refused("status")


def test_a_topology_of_ones_own(lab, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SMALL)
    lab.run("up", "--listen", "127.0.0.1:0", "--topology", str(file))
    (vif,) = lab.status()["virtualInterfaces"]
    assert (vif["vlan"], vif["accepted"], vif["advertised"]) == (300, ["192.168.9.0/24"], ["10.9.0.0/16"])
    lab.run("exec", "office", "ping", "-c", "1", "-W", "2", "-I", "192.168.9.1", "10.9.0.1")
    lab.run("exec", "cloud", "ping", "-c", "1", "-W", "2", "192.168.9.1")
    assert lab.run("exec", "cloud", "sh", "-c", "exit 3", check=False).returncode == 3


def test_a_lab_can_be_shown_and_taken_down_in_one(lab, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SMALL)
    said = lab.run("up", "--listen", "127.0.0.1:0", "--topology", str(file), "--teardown")
    assert "nothing is left" in said and not lab.directory.exists()


def test_killing_the_labs_process_leaves_nothing_either(lab, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SMALL)
    lab.run("up", "--listen", "127.0.0.1:0", "--topology", str(file), "--no-tour")
    os.kill(lab.status()["pid"], 9)
    subprocess.run(["sleep", "0.5"], check=True)
    assert namespaces() == []
    # What it left in its directory is no obstacle to the next.
    lab.run("up", "--listen", "127.0.0.1:0", "--topology", str(file), "--no-tour")


@pytest.mark.parametrize("daemon", INSTALLED)
def test_a_lab_that_is_up_has_the_customers_routes(lab, tmp_path, daemon):
    file = tmp_path / "mine.toml"
    # And the number of the customer is one that only the long member of the API can hold.
    file.write_text(SMALL.replace("65100", "4200000001"))
    said = lab.run("up", "--listen", "127.0.0.1:0", "--topology", str(file), "--no-tour", "--router", daemon)
    (vif,) = lab.status()["virtualInterfaces"]
    assert (vif["accepted"], vif["advertised"]) == (["192.168.9.0/24"], ["10.9.0.0/16"])
    assert '"asnLong":4200000001' in said and '"asn":' not in said


@pytest.mark.parametrize("after", [0.02, 0.1, 0.3, 0.8])
def test_an_interrupted_lab_is_known_and_goes(lab, tmp_path, after):
    file = tmp_path / "mine.toml"
    file.write_text(SMALL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    words = ("up", "--listen", listen, "--topology", str(file), "--no-tour")
    for again in (("down",), ()):
        up = lab.start(*words)
        time.sleep(after)
        up.kill()
        up.wait()
        for word in again:
            down = lab.run(word, check=False)
            # Ended before there was anything, it left no trace of a lab.
            assert down.returncode == 0 or not lab.directory.exists(), down
            assert not lab.directory.exists()
            # Whoever listened has gone.
            socket.create_server(("127.0.0.1", int(listen.split(":")[1]))).close()
    lab.run(*words)
    lab.run("down")


@pytest.mark.parametrize("after", [0.05, 0.4, 1.2])
def test_an_interrupted_lab_is_no_obstacle(lab, tmp_path, after):
    file = tmp_path / "mine.toml"
    file.write_text(SMALL)
    up = lab.start("up", "--listen", "127.0.0.1:0", "--topology", str(file), "--no-tour")
    time.sleep(after)
    up.kill()
    up.wait()
    assert lab.run("status", check=False).returncode == 2
    lab.run("up", "--listen", "127.0.0.1:0", "--topology", str(file), "--no-tour")
    lab.status()
    assert "already" in lab.refused("up", "--listen", "127.0.0.1:0")
    lab.run("down")
    assert not lab.directory.exists() and namespaces() == []


def test_what_is_in_the_way_is_said_on_one_line_and_nothing_is_left(lab, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in lab.refused("up", "--listen", f"127.0.0.1:{port}")
    assert "loopback" in lab.refused("up", "--listen", "0.0.0.0:0")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(SMALL.replace('gateway = "gateway"', 'gateway = "none"'))
    assert "no gateway `none`" in lab.refused("up", "--topology", str(wrong), "--listen", "127.0.0.1:0")
    assert "nosuchfile" in lab.refused("up", "--topology", str(tmp_path / "nosuchfile"))
    other = Lab(tmp_path)
    assert "not empty" in other.refused("up", "--listen", "127.0.0.1:0")
    assert wrong.exists()
    assert not lab.directory.exists()
    assert namespaces() == []


def test_an_unprivileged_user_has_a_lab_or_is_told_why_not():
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        binary, place = pathlib.Path(directory, "demarc"), pathlib.Path(directory, "lab")
        shutil.copy(find_binary(), binary)
        done = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
             str(binary), "lab", "up", "--listen", "127.0.0.1:0", "--dir", str(place), "--teardown"],
            capture_output=True, text=True, timeout=120,
        )
        if done.returncode != 0:
            assert done.returncode == 2, done
            assert "sudo demarc lab up" in done.stderr and done.stderr.count("\n") == 1, done.stderr
        assert not place.exists()
