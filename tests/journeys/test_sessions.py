"""The sessions of a running site on the command line, also after the hub was killed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.hub import Hub, charging, demo

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(150)]


def listed(hub: Hub, *options: str) -> Any:
    return json.loads(hub.cli("sessions", "--json", *options).stdout)["result"]


def test_who_charges_is_listed_and_is_known_after_a_kill(tmp_path: Path) -> None:
    with demo(tmp_path / "data", "--site", "two") as hub:
        status = hub.wait_for(lambda s: len(charging(s)) == 2, within_s=40)
        running = {name: charger["session"]["id"] for name, charger in status["chargers"].items()}
        hub.wait_for(lambda s: all(c["session"]["energy_wh"] > 20 for c in s["chargers"].values()), within_s=60)
        found = listed(hub, "--running")
        assert {one["charger"]: one["id"] for one in found["sessions"]} == running
        assert all(one["energy_wh"] > 20 for one in found["sessions"])
        assert [total["sessions"] for total in found["totals"]] == [1, 1]
        table = hub.cli("sessions").stdout
        assert table.count("running") == 2
        assert "kWh" in table
        rows = list(csv.DictReader(hub.cli("sessions", "--csv").stdout.splitlines()))
        assert {row["id"] for row in rows} == set(running.values())
        hub.process.kill()
        hub.process.wait()
    with demo(tmp_path / "data", "--site", "two") as hub:
        hub.wait_for(lambda s: bool(s["chargers"]), within_s=40)
        kept = {one["id"]: one for one in listed(hub)["sessions"]}
        assert set(running.values()) <= kept.keys()
        assert hub.cli("sessions", "--to", "2020-01-01").stdout.splitlines()[-1] == "no session began in this time"
