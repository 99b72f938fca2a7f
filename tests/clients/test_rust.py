"""The AWS SDK for Rust; the test itself is the program in rust/."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUST = pathlib.Path(__file__).parent / "rust"
#: The first build compiles the SDK.
PATIENCE = 1800


def _cargo(*arguments):
    """Cargo in rust/, with a target directory of its own beside that of the workspace."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "rust-sdk"
    return subprocess.run(
        ["cargo", *arguments, "--locked", "--quiet"], cwd=RUST, env={**os.environ, "CARGO_TARGET_DIR": str(target)},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    ), target


@pytest.mark.slow
def test_the_rust_sdk(serve):
    if not shutil.which("cargo"):
        pytest.skip("skipped: cargo is not installed")
    fetched, _ = _cargo("fetch")
    if fetched.returncode != 0:
        pytest.skip(f"skipped: the AWS SDK for Rust cannot be fetched: {fetched.stderr.strip().splitlines()[-1:]}")
    built, target = _cargo("build")
    assert built.returncode == 0, built.stderr
    # Transient states are looked at, so they have to last.
    server = serve(settle="300ms")
    run = subprocess.run(
        [target / "debug" / "demarc-rust-sdk-test"], env={**os.environ, "DEMARC_URL": server.url},
        capture_output=True, text=True, timeout=120, check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
