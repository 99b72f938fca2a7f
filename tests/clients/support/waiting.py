"""Waiting as real clients do."""

import time

#: Long enough for a busy machine; with `--settle 0` nothing takes a second.
PATIENCE = 15


def eventually(read, wanted=bool, timeout=PATIENCE, what=""):
    """Calls `read` until `wanted` accepts its answer; returns that answer."""
    deadline = time.monotonic() + timeout
    pause = 0.01
    while True:
        answer = read()
        if wanted(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or wanted} not seen in {timeout} s; last answer: {answer!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.3)


def wait_as_terraform(read, pending, target, timeout=PATIENCE):
    """Terraform's waiter: a state in neither set fails at once (clients.md 1.2).

    `read` returns a state, or None for "gone".
    """
    seen = []

    def step():
        state = read()
        if not seen or seen[-1] != state:
            seen.append(state)
        assert state in pending or state in target, f"unexpected state {state!r} after {seen}"
        return state

    eventually(step, lambda state: state in target, timeout, f"{sorted(map(str, target))}")
    return seen
