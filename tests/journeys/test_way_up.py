"""A session at a simulated site arrives at an operator once and in order, though the hub is killed meanwhile.

Each is a process of its own: the hub by its own command line, its charger, the broker, the aggregator, PostgreSQL.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Mosquitto, unused_port
from tests.faults.site import Simulator, wait_until
from tests.journeys.hub import Hub, run, started
from tests.servers import aggregator_in, nats_in

pytestmark = [pytest.mark.needs_postgres, pytest.mark.needs_mosquitto, pytest.mark.slow, pytest.mark.timeout(180)]

HUB = "riverside-12"
PLAN = """
name: One car
circuits:
  grid: {limit_a: 32}
cars:
  - {name: sedan, phases: 3, max_a: 32, reaction_s: 1, need_kwh: [50, 60]}
bays:
  bay-1: {circuit: grid}
devices:
  - {kind: ocpp, name: UP-CP01, bays: [bay-1]}
traffic:
  occupied_at_start: 1.0
"""


@dataclass(frozen=True, slots=True)
class Operator:
    """Its broker as the hub is told, its database, and NATS where it has that."""

    broker: str
    dsn: str
    nats: str | None = None

    def events(self) -> list[tuple[str, int, str]]:
        """Epoch, place and schema of all events, as a reader gets them."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(
                "SELECT epoch, seq, schema FROM event WHERE hub_id = %s ORDER BY epoch_no, seq", [HUB]
            )
            return [(epoch, seq, schema) for epoch, seq, schema in rows]

    def has(self, name: str, count: int = 1) -> bool:
        """Whether so many events of a kind are there."""
        return sum(schema == f"evhub.{name}.v1" for _, _, schema in self.events()) == count

    def status_of(self, charger: str) -> str | None:
        """What its fleet page would show."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute("SELECT document FROM hub_status WHERE hub_id = %s", [HUB]).fetchall()
        charging: str | None = rows[0][0]["chargers"].get(charger, {}).get("status") if rows else None
        return charging


@contextmanager
def over_nats(folder: Path, postgres_url: str) -> Iterator[Operator]:
    """A nats-server that knows the hub by its password, and an aggregator on its stream."""
    nats = nats_in(folder / "nats", {HUB: "secret"})
    nats.program.start()
    aggregator = aggregator_in(folder, ["--nats", nats.url], postgres_url)
    try:
        aggregator.start()
        yield Operator(
            f"{{url: 'mqtt://127.0.0.1:{nats.mqtt_port}', username: {HUB}, password: secret",
            _dsn(postgres_url),
            nats.url,
        )
    finally:
        aggregator.stop()
        nats.program.stop()


@contextmanager
def over_mosquitto(folder: Path, postgres_url: str, port: int) -> Iterator[Operator]:
    """A small operator: a plain broker, and an aggregator that listens there."""
    aggregator = aggregator_in(folder, ["--mqtt", f"mqtt://127.0.0.1:{port}"], postgres_url)
    try:
        aggregator.start()
        yield Operator(f"{{url: 'mqtt://127.0.0.1:{port}'", _dsn(postgres_url))
    finally:
        aggregator.stop()


def _dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def configured(data: Path, operator: Operator, ocpp_port: int) -> None:
    """A hub that takes any charger, and lets the operator stop a charge."""
    data.mkdir()
    (data / "config.yaml").write_text(
        "site: {name: Riverside 12}\n"
        "grid: {limit_a: 32}\n"
        "mqtt: {enabled: false}\n"
        "discovery: {enabled: false}\n"
        f"web: {{port: {unused_port()}, bind: 127.0.0.1}}\n"
        f"ocpp: {{port: {ocpp_port}, bind: 127.0.0.1, adopt: always}}\n"
        f"operators:\n  acme: {operator.broker}, hub_id: {HUB}, begin: beginning, commands: [charger.stop]}}\n"
    )


def journal_of(data: Path) -> list[tuple[str, int, str]]:
    """The same of the hub's own journal."""
    with closing(sqlite3.connect(data / "evhub.db")) as connection:
        rows = connection.execute(
            "SELECT e.epoch, j.no - e.base, j.name FROM journal j JOIN epochs e ON e.id = j.epoch ORDER BY j.no"
        )
        return [(epoch, seq, f"evhub.{name}.v1") for epoch, seq, name in rows]


def is_up_to_date(hub: Hub) -> bool:
    """What `evhub operator status` says."""
    said = json.loads(hub.cli("operator", "status", "--json").stdout)
    acme = said["result"]["operators"]["acme"]
    return bool(acme["connected"]) and acme["behind"] == 0


def stop_charge(operator: Operator, hub: Hub, charger: str) -> None:
    """By the operator's command where its broker is NATS, else at the site."""
    if operator.nats is None:
        assert hub.cli("order", "charger.stop", f"charger={charger}").returncode == 0
        return
    words = [sys.executable, "-m", "cloud.command", HUB, "charger.stop", f"charger={charger}", "--nats", operator.nats]
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert json.loads(said.stdout)["ok"] is True


def a_session_goes_up(tmp_path: Path, operator: Operator) -> None:
    """From plug-in to plug-out, with the hub killed in between."""
    data, ocpp_port = tmp_path / "data", unused_port()
    configured(data, operator, ocpp_port)
    (tmp_path / "plan.yaml").write_text(PLAN)
    simulator = Simulator(tmp_path / "plan.yaml", tmp_path, ocpp_port)
    try:
        with started(("run",), data, "ws://") as hub:
            wait_until(lambda: operator.has("session_started"), 40, "the session's start")
            [charger] = hub.status()["chargers"]
            wait_until(lambda: operator.status_of(charger) == "charging", 30, "the live status")
            hub.process.kill()
            hub.process.wait()
        with started(("run",), data, "ws://") as hub:
            wait_until(lambda: operator.status_of(charger) == "charging", 40, "the session after the restart")
            wait_until(lambda: hub.status()["chargers"][charger]["online"], 40, "the charger")
            stop_charge(operator, hub, charger)
            simulator.post("unplug", bay="bay-1")
            wait_until(lambda: operator.has("session_ended"), 40, "the session's end")
            wait_until(lambda: is_up_to_date(hub), 20, "the last ack")
            preview = hub.cli("operator", "preview", "--last", "3")
            assert '"schema": "evhub.batch.v1"' in preview.stdout
            assert hub.cli("operator", "replay").returncode == 0
            wait_until(lambda: is_up_to_date(hub), 20, "the replay")
    finally:
        simulator.end()
    journal = journal_of(data)
    assert operator.events() == journal[: len(operator.events())]
    assert len(journal) - len(operator.events()) <= 5  # what the hub told while it stopped goes up at its next start
    assert operator.has("session_started")


def test_over_nats(tmp_path: Path, postgres_url: str) -> None:
    with over_nats(tmp_path, postgres_url) as operator:
        a_session_goes_up(tmp_path, operator)


def test_over_a_plain_broker(tmp_path: Path, postgres_url: str, mosquitto: Mosquitto) -> None:
    with over_mosquitto(tmp_path, postgres_url, mosquitto.port) as operator:
        a_session_goes_up(tmp_path, operator)


def test_without_a_hub_or_an_operator_the_command_says_so(tmp_path: Path) -> None:
    nobody = run("operator", "status", "--data", str(tmp_path))
    assert nobody.returncode == 3
    assert "no evhub answers" in nobody.stderr
