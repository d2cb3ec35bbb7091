"""A charger breaks and another takes over its bay in the middle of a charge: the bay's past and its sums stay whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.site import Site, site, wait_until
from tests.journeys.hub import run

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(180)]
PLAN = """
name: Replaced
circuits:
  grid: {limit_a: 80}
cars:
  - {name: sedan, phases: 3, max_a: 32, reaction_s: 0.5, need_kwh: [200, 201]}
bays:
  bay-1: {circuit: grid, wiring: [L1, L2, L3], max_a: 32}
  bay-2: {circuit: grid, wiring: [L1, L2, L3], max_a: 32}
devices:
  - {kind: ocpp, name: RP-OLD, bays: [bay-1]}
  - {kind: ocpp, name: RP-NEW, bays: [bay-2]}
  - {kind: shelly, name: main, circuit: grid}
house:
  base_a: [1, 1, 1]
traffic:
  occupied_at_start: 0
  busy: 0
"""
REGISTER_WH = 2.5  # whole watt-hours at both ends


def test_a_bay_keeps_its_history_and_its_totals_when_its_charger_is_replaced(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    with site(tmp_path, plan) as running:
        wait_until(lambda: running.balances, 30)
        stations = {c: running.charger(c)["station"] for c in ("bay-1", "bay-2")}
        _ok(running, "device.retire", "device=bay-2")  # it waits for a place
        running.simulator.post("car", bay="bay-1", max_a=32, reaction_s=0.5)
        wait_until(lambda: _seen_wh(running) > 40, 60, "a charge at the old one")
        _ok(running, "device.replace", "device=bay-1", f"station={stations['bay-2']}")
        running.simulator.post("unplug", bay="bay-1")
        wait_until(lambda: running.charger("bay-1")["online"] is True, 30, "the new one is driven")
        assert running.charger("bay-1")["station"] == stations["bay-2"]
        running.simulator.post("car", bay="bay-2", max_a=32, reaction_s=0.5)
        wait_until(lambda: _seen_wh(running) > 40, 60, "a charge at the new one")
        running.simulator.post("unplug", bay="bay-2")
        wait_until(lambda: all(one["ended_at"] for one in _sessions(running)), 30, "both are over")

        first, second = sorted(_sessions(running), key=lambda one: one["started_at"])
        assert (first["charger"], second["charger"]) == ("bay-1", "bay-1")
        assert (first["station"], second["station"]) == (stations["bay-1"], stations["bay-2"])
        assert first["reason"] == "replaced"
        true_wh = running.simulator.get("stays")["bay-2"][0]
        assert second["energy_wh"] == pytest.approx(true_wh["to_wh"] - true_wh["from_wh"], abs=REGISTER_WH)
        assert 40 < first["energy_wh"] <= _drawn_wh(running, "bay-1") + REGISTER_WH
        both_wh = first["energy_wh"] + second["energy_wh"]
        wait_until(lambda: abs(_total_wh(running) - both_wh) <= 3 * REGISTER_WH, 40, "the history has as much")
        assert second["plugged_at"] > first["ended_at"]


def _ok(running: Site, *words: str) -> None:
    done = running.order(*words)
    assert done.returncode == 0, done.stdout + done.stderr


def _drawn_wh(running: Site, bay: str) -> float:
    return float(running.simulator.look().truth["bays"][bay]["energy_wh"])


def _seen_wh(running: Site) -> float:
    """What the hub has seen of the running session."""
    session = running.charger("bay-1")["session"]
    return 0.0 if session is None else float(session["energy_wh"] or 0.0)


def _json(running: Site, *words: str) -> Any:
    return json.loads(run(*words, "--data", str(running.data), "--json").stdout)["result"]


def _sessions(running: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _json(running, "sessions")["sessions"]
    return found


def _total_wh(running: Site) -> float:
    """What the history gives for the bay, whichever station stood there."""
    return sum(row["chargers"].get("bay-1") or 0.0 for row in _json(running, "totals")["rows"])
