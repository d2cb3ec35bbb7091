"""The history of a running site: what people read of it on the command line, and that it outlives the hub."""

from __future__ import annotations

import csv
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.journeys.hub import Hub, charging, demo

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(150)]


def test_two_cars_leave_a_history(tmp_path: Path) -> None:
    with demo(tmp_path / "data", "--site", "two") as hub:
        status = hub.wait_for(lambda s: len(charging(s)) == 2, within_s=40)
        bay = next(iter(status["chargers"]))
        hub.wait_for(lambda s: s["chargers"][bay]["limit_a"] == 16.0, within_s=30)
        wait_for_rows(hub, bay, 3)
        said = hub.cli("why", bay).stdout
        assert "16 A" in said
        assert "reason circuit" in said
        rows = list(
            csv.DictReader(hub.cli("history", bay, "--every", "raw", "--what", "all", "--csv").stdout.splitlines())
        )
        assert max(float(row["power_w"] or 0) for row in rows) > 3000
        assert {"charging", "circuit"} <= {row["status"] for row in rows} | {row["limit_reason"] for row in rows}
        assert abs((datetime.fromisoformat(rows[-1]["time_utc"]) - datetime.now(UTC)).total_seconds()) < 30
        before = energy(hub, bay)
        assert before > 0
        table = hub.cli("history", bay, "--every", "5m").stdout
        assert "power_w" in table.splitlines()[0]
    with demo(tmp_path / "data", "--site", "two") as hub:
        hub.wait_for(lambda s: bool(s["chargers"]), within_s=40)
        assert energy(hub, bay) >= before
        nothing = hub.cli("history", "bay-99", "--csv")
        assert (nothing.returncode, nothing.stdout) == (1, "")
        assert "nothing that is called 'bay-99' has a history" in nothing.stderr


def wait_for_rows(hub: Hub, bay: str, number: int) -> None:
    """Until so many samples are there in which it draws."""
    deadline = time.monotonic() + 30
    while True:
        found = json.loads(hub.cli("history", bay, "--every", "raw", "--what", "power", "--json").stdout)
        if sum((row[1] or 0) > 3000 for row in found["result"]["rows"]) >= number:
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.2)  # noqa: TID251 - looks from outside, at another process


def energy(hub: Hub, bay: str) -> int:
    """Watt-hours of one bay as the totals have them."""
    (row,) = json.loads(hub.cli("totals", "--json").stdout)["result"]["rows"]
    return int(row["chargers"][bay])
