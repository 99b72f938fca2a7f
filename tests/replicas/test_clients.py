"""The suite of stock clients (tests/clients), with servers that keep their state in etcd."""

import importlib.util
import os
import subprocess
import sys

import processes
import pytest
from processes import ROOT, Etcd, find_binary

pytestmark = pytest.mark.skipif(bool(processes.missing()), reason=f"not installed: {processes.missing()}")

#: These want a seed or an engine of their own, or take minutes and test the client more than the store.
LEFT_OUT = ("test_determinism.py", "test_ansible.py", "terraform")


@pytest.mark.skipif(importlib.util.find_spec("boto3") is None, reason="not installed: boto3")
def test_stock_clients_find_the_same_service_on_etcd(tmp_path):
    folder = ROOT / "tests" / "clients"
    with Etcd(tmp_path, 1) as etcd:
        left_out = [f"--ignore={folder / name}" for name in LEFT_OUT]
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-m", "not slow", *left_out, str(folder)],
            env={**os.environ, "DEMARC_BIN": str(find_binary()), "DEMARC_CLIENTS_STORE": f"etcd://{etcd.hosts}"},
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    print(ran.stdout.splitlines()[-1] if ran.stdout else ran.stderr)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
