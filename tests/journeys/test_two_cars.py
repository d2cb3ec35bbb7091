"""Two OCPP cars share a fuse of 32 A, judged by what the simulator knows and the hub cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.hub import charging, demo

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]


def test_two_cars_share_and_the_fuse_never_carries_more(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    with demo(tmp_path / "data", "--site", "two", "--report", str(truth)) as hub:
        status = hub.wait_for(lambda s: len(charging(s)) == 2, within_s=30)
        status = hub.wait_for(
            lambda s: all(abs((c["current_a"]["l1"] or 0) - 16) < 0.7 for c in s["chargers"].values()), within_s=30
        )
        assert [charger["limit_a"] for charger in status["chargers"].values()] == [16.0, 16.0]
        assert {charger["limit_reason"] for charger in status["chargers"].values()} == {"circuit"}
    summary = json.loads(truth.read_text().splitlines()[-1])
    assert summary["summary"] is True
    assert max(circuit["longest_overload_s"] for circuit in summary["circuits"].values()) == 0
