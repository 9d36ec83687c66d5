"""How long the fuzzer runs: CROSSTALK_FUZZ_MINUTES over all its tests, or a short fixed share."""

import os
import time
from collections.abc import Callable

import pytest
from hypothesis import settings

TESTS = 5
SHORT = settings(max_examples=60, derandomize=True, deadline=None, database=None)
LONG = settings(max_examples=500, deadline=None)

Run = Callable[[Callable[[], None]], None]


@pytest.fixture
def budget() -> Run:
    """Runs a property once with the short share, or again and again until its time is up."""
    minutes = float(os.environ.get("CROSSTALK_FUZZ_MINUTES", "0"))

    def run(prop: Callable[[], None]) -> None:
        if not minutes:
            SHORT(prop)()
            return
        end = time.monotonic() + minutes * 60 / TESTS
        long = LONG(prop)
        while time.monotonic() < end:
            long()

    return run
