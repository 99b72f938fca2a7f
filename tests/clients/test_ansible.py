"""Ansible's community.aws modules (clients.md 2)."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from support.account import Account
from support.waiting import eventually

HERE = pathlib.Path(__file__).parent


def playbook():
    beside = pathlib.Path(sys.executable).parent / "ansible-playbook"
    return str(beside) if beside.is_file() else shutil.which("ansible-playbook")


@pytest.mark.slow
def test_the_playbook_runs_through(serve, tmp_path):
    """`associating` and `disassociating` must be seen: the modules fail when they are skipped."""
    if not playbook():
        pytest.skip("skipped: Ansible is not installed")
    account = Account(serve(settle="2s"))
    variables = {
        "location": account.location(),
        "virtual_gateway": account.vpn_gateway(),
        "second_gateway": account.gateway()["directConnectGatewayId"],
    }
    run = subprocess.run(
        [playbook(), "-i", "localhost,", str(HERE / "ansible" / "playbook.yml"), "--extra-vars", json.dumps(variables)],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "AWS_ACCESS_KEY_ID": account.id,
            "AWS_SECRET_ACCESS_KEY": "any-secret",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": account.server.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        capture_output=True, text=True, timeout=300, check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    # Deletion settles after the last task has been answered.
    eventually(
        lambda: {c["connectionState"] for c in account.dx.describe_connections()["connections"]},
        lambda states: states <= {"deleted"},
    )
