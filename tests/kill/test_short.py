"""The short form of the kill test: a few random kills, nothing lost or doubled. `make kill-test` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kill.run import Outcome, Plan, run

BACK_WITHIN_S = 10.0
BUSY_MACHINE_S = 10.0  # the promise is for a hub that has a core; here other tests run beside it

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_mosquitto,
    pytest.mark.needs_postgres,
    pytest.mark.timeout(300),
]


@pytest.mark.parametrize(
    "plan", [Plan("hub", 5), Plan("hub", 4, "postgresql"), Plan("all", 6)], ids=["hub", "hub-on-postgresql", "all"]
)
def test_kills_lose_nothing_and_double_nothing(plan: Plan, tmp_path: Path) -> None:
    outcome: Outcome = run(plan, tmp_path, say=lambda line: None)
    assert outcome.wrong == []
    assert sum(outcome.kills.values()) == plan.times
    assert outcome.verdict.stays > 0  # cars were there, and they charged
    assert max(outcome.back_s, default=0.0) < BACK_WITHIN_S + BUSY_MACHINE_S
    assert all(seconds <= BACK_WITHIN_S for _, seconds in outcome.over.values()), outcome.over
