"""A small hub for each test, with chargers that answer at once: short waits, and never a call left waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from integrations.ocpp import pace
from tests.integrations.ocpp.harness import SmallHub, small_hub

QUICK = pace.Pace(boot_s=0.1, ask_again_s=1, answer_s=0.25, set_up_s=1.0, status_s=0.1, lost_stop_s=0.1, close_s=0.2)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that waits for a charger waits shortly."""
    monkeypatch.setattr(pace, "PACE", QUICK)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[SmallHub]:
    """A running hub with an empty drawing."""
    async with small_hub(tmp_path) as running:
        yield running
