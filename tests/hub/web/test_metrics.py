"""The figures for Prometheus: names with units, labels of the drawing only, nothing where nothing is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from hub.core.database import size_of
from hub.core.figures import of_picture
from hub.core.state import LiveCharger, LiveCircuit, LiveMeter
from hub.model.charger import Status
from hub.model.grant import Grant, Limiter
from hub.model.ids import ChargerId, CircuitId, MeterId, StationId
from hub.model.reading import ChargerReading, MeterReading
from hub.model.units import PerPhase
from tests.hub.web.whole import SITE, Whole, whole
from tests.stores import store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAY, GARAGE, MAIN = ChargerId("bay-1"), CircuitId("garage"), MeterId("main")
UNITS = ("watts", "amperes", "joules", "seconds", "bytes", "total", "entries")
PLAIN = {  # counts and states, which have no unit
    "evhub_chargers",
    "evhub_charger_online",
    "evhub_meter_online",
    "evhub_circuit_over_limit",
    "evhub_circuit_binding",
    "evhub_sessions_open",
    "evhub_balancing_running",
    "evhub_store_waiting",
    "evhub_store_short_of_space",
    "evhub_mqtt_connected",
    "evhub_live_sockets",
    "evhub_operator_connected",
}
METERED = "meters:\n  main: {integration: shelly, station: M1, host: 127.0.0.1, port: 9}\n"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as made:
        yield made


async def scraped(hub: Whole, role: str = "viewer", **headers: str) -> dict[str, Metric]:
    status, said, _ = await hub.ask("GET", "/metrics", role, **headers)
    assert status == 200
    return {family.name: family for family in text_string_to_metric_families(said["text"])}


async def test_every_role_may_scrape_and_names_say_their_unit(hub: Whole) -> None:
    status, _, headers = await hub.ask("GET", "/metrics", "viewer")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = await scraped(hub)
    ours = {name: family for name, family in found.items() if name.startswith("evhub_")}
    for name, family in ours.items():
        assert family.documentation, name
        assert name in PLAIN or name.endswith(UNITS) or family.type == "counter", name
    assert found["process_resident_memory_bytes"].samples[0].value > 1e6
    assert found["evhub_store_size_bytes"].samples[0].value > 4096
    assert found["evhub_journal_entries"].samples[0].value >= 1


async def test_orders_are_counted_by_what_came_of_them(hub: Whole) -> None:
    await hub.give("charger.stop", args={"charger": "bay-1"})
    await hub.give("charger.stop", "viewer", args={"charger": "bay-1"})
    for n in range(3):
        await hub.give(f"made.up_{n}")
    counted = {
        (sample.labels["order"], sample.labels["result"]): sample.value
        for sample in (await scraped(hub))["evhub_orders"].samples
    }
    assert counted[("charger.stop", "unreachable")] == 1
    assert counted[("charger.stop", "not_allowed")] == 1
    assert counted[("unknown", "not_found")] == 3  # what anybody makes up is no label
    assert {order for order, _ in counted} <= hub.app.orders.catalogue.keys() | {"unknown"}


async def test_what_is_known_of_the_site(hub: Whole) -> None:
    picture = hub.app.picture
    reading = ChargerReading(at=NOON, power_w=7400.0, energy_wh=1000.0)
    picture.chargers[BAY] = LiveCharger(BAY, StationId("CP1"), online=True, status=Status.CHARGING, reading=reading)
    picture.chargers[BAY].line_a = PerPhase(10.0, None, 0.0)
    picture.grants[BAY] = Grant(charger=BAY, limit_a=16.0, limiter=Limiter.CIRCUIT, text="")
    lines = PerPhase[float | None](21.0, 1.0, None)
    limit = PerPhase(20.0, 20.0, 20.0)
    room = PerPhase[float | None](-1.0, 19.0, None)
    picture.circuits[GARAGE] = LiveCircuit(
        GARAGE, NOON, lines, room, limit, None, measured=True, binding=True, over=True
    )
    figures = {figure.name: dict(figure.samples) for figure in of_picture(picture, now_s=100.0)}
    assert figures["evhub_chargers"][("charging",)] == 1
    assert figures["evhub_charger_power_watts"] == {("bay-1",): 7400.0, ("bay-2",): None}
    assert figures["evhub_charger_energy_joules"][("bay-1",)] == 3_600_000
    assert figures["evhub_charger_limit_amperes"][("bay-1",)] == 16.0
    assert figures["evhub_charger_current_amperes"][("bay-1", "L1")] == 10.0
    assert figures["evhub_circuit_headroom_amperes"][("garage", "L1")] == -1.0
    assert figures["evhub_circuit_over_limit"][("garage",)] == 1
    shown = await scraped(hub)
    assert [sample.labels for sample in shown["evhub_charger_power_watts"].samples] == [{"charger": "bay-1"}]
    assert {sample.labels["phase"] for sample in shown["evhub_circuit_current_amperes"].samples} == {"L1", "L2"}


async def test_a_meter_and_how_old_its_sample_is(tmp_path: Path) -> None:
    async with whole(tmp_path, SITE + METERED) as hub:
        reading = MeterReading(at=NOON, total_w=-500.0, import_wh=2.0)
        hub.app.picture.meters[MAIN] = LiveMeter(MAIN, online=True, reading=reading, reading_at_s=90.0)
        figures = {figure.name: dict(figure.samples) for figure in of_picture(hub.app.picture, now_s=100.0)}
        assert figures["evhub_meter_age_seconds"] == {("main",): 10.0}
        assert figures["evhub_meter_power_watts"] == {("main",): -500.0}
        assert figures["evhub_meter_import_joules"] == {("main",): 7200.0}
        assert figures["evhub_meter_export_joules"] == {("main",): None}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
async def test_how_large_either_kind_of_database_is(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    where = tmp_path if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    async with store(where) as running:
        assert await running.read(size_of) > 4096
        assert running.commits > 0
        assert running.waiting == 0


async def test_who_takes_openmetrics_gets_it(hub: Whole) -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    status, said, headers = await hub.ask("GET", "/metrics", Accept=accept)
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "application/openmetrics-text")
    assert said["text"].endswith("# EOF\n")
