"""Fixtures: servers, and accounts that share nothing with another test."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.account import Account  # noqa: E402
from support.server import Server, find_binary  # noqa: E402

#: Long enough that no transient state ends by itself during a test.
FROZEN = 3600


def _serve(*arguments, **options):
    if find_binary() is None:
        pytest.fail("no demarc binary: run `cargo build -p demarc` or set DEMARC_BIN", pytrace=False)
    return Server(*arguments, **options)


@pytest.fixture(scope="session")
def server():
    """A server whose transitions settle at once."""
    with _serve() as running:
        yield running


@pytest.fixture(scope="session")
def frozen_server():
    """A server whose transitions settle only when the clock is advanced."""
    with _serve(settle=f"{FROZEN}s") as running:
        yield running


@pytest.fixture
def own_server():
    """A server for one test, which may move its clock."""
    with _serve() as running:
        yield running


@pytest.fixture
def serve():
    """A factory of servers; all are stopped at the end of the test."""
    started = []

    def start(*arguments, **options):
        one = _serve(*arguments, **options)
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def alice(server):
    """An account. Quotas and lists of other tests do not reach it."""
    return Account(server)


@pytest.fixture
def bob(server):
    """A second account on the same server."""
    return Account(server)


@pytest.fixture
def carol(server):
    """A third account, for those who should see nothing."""
    return Account(server)


@pytest.fixture
def frozen(frozen_server):
    """An account on the server whose transitions wait."""
    return Account(frozen_server)
