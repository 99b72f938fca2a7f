"""One edge for the tests of a module: they bring connections, gateways and customers of their own."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from lab import Lab, missing, namespaces, run, until  # noqa: E402
from support.account import OTHER_REGION, REGION, Account  # noqa: E402
from support.server import Server  # noqa: E402

REGIONS = (REGION, OTHER_REGION)


def pytest_collection_modifyitems(items):
    reason = missing()
    if reason is not None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("edge")) as lab:
        yield lab


@pytest.fixture
def own_lab(tmp_path):
    """For a test that stops and starts its service."""
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture(scope="module")
def server(lab):
    with Server("--fabric", "linux", "--bindings", str(lab.bindings)) as running:
        yield running


@pytest.fixture
def account(lab, server):
    """An account; what it made is deleted behind the test, and nothing of it may stay in the kernel."""
    account = Account(server)
    before = len(server.output)
    yield account
    lab.stop_routers()
    for region in REGIONS:
        client = account.client("directconnect", region)
        for vif in client.describe_virtual_interfaces()["virtualInterfaces"]:
            if vif["virtualInterfaceState"] != "deleted":
                client.delete_virtual_interface(virtualInterfaceId=vif["virtualInterfaceId"])
    try:
        until("no namespace is left", lambda: namespaces("dmc-") == [], seconds=10)
        assert "dmcv" not in run("ip", "-br", "link")
    finally:
        lab.forget()
        print("".join(server.output[before:]))
