"""The demo as a person starts it: it ends with the first answer and status 0."""

import pytest

from tests.wire.conftest import command_line


@pytest.mark.timeout(400)
async def test_the_demo_shows_the_joined_answer_and_ends() -> None:
    """`crosstalk sandbox demo --once` shows each source, the joined rows and the answer."""
    status, said, errors = await command_line("sandbox", "demo", "--once")
    assert status == 0, said + errors
    for wanted in ("sales: order", "support: ticket", "Join", "leads with", "offline planner"):
        assert wanted in said
