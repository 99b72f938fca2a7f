"""The AWS SDK for JavaScript; the tests themselves are in node/."""

import os
import pathlib
import shutil
import subprocess

import pytest

NODE = pathlib.Path(__file__).parent / "node"


def test_the_javascript_sdk(server):
    if not shutil.which("node"):
        pytest.skip("skipped: Node.js is not installed")
    if not (NODE / "node_modules" / "@aws-sdk").is_dir():
        pytest.skip("skipped: run `npm ci` in tests/clients/node first")
    run = subprocess.run(
        ["node", "--test"], cwd=NODE, env={**os.environ, "DEMARC_URL": server.url}, capture_output=True, text=True,
        timeout=300, check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
