"""A small operator: the same hubs on a plain mosquitto, one aggregator."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.cloud.hub_peer import HubPeer, hub_peer
from tests.cloud.waiting import wait_until
from tests.cloud.wire import HUB, refusals, seen
from tests.conftest import Mosquitto
from tests.servers import Program, aggregator_in


@pytest.fixture
def aggregator(tmp_path: Path, mosquitto: Mosquitto, postgres_url: str) -> Iterator[Program]:
    program = aggregator_in(tmp_path, ["--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}"], postgres_url)
    program.start()
    yield program
    program.stop()


@pytest.fixture
def hub(mosquitto: Mosquitto, aggregator: Program) -> Iterator[HubPeer]:
    with hub_peer(mosquitto.port, HUB) as peer:
        yield peer


def test_everything_once_and_in_order(aggregator: Program, hub: HubPeer, dsn: str) -> None:
    hub.grow(2000)
    hub.pump_until(2000, within_s=20)
    assert seen(dsn) == hub.places
    assert aggregator.stop() == 0
    assert "Traceback" not in aggregator.said()


@pytest.mark.slow
def test_the_aggregator_is_killed_in_mid_stream(aggregator: Program, hub: HubPeer, dsn: str) -> None:
    for _ in range(2):
        hub.grow(1500)
        hub.pump_until(hub.head - 900, within_s=20)
        aggregator.kill()
        hub.pump()
        aggregator.start()
    hub.pump_until(hub.head, within_s=30)
    assert seen(dsn) == hub.places


def test_live_status_and_what_cannot_be_read(aggregator: Program, hub: HubPeer, dsn: str) -> None:
    hub.grow(20)
    hub.pump_until(20, within_s=20)
    hub.paho.publish(hub.topics.events, b"no batch", qos=1)
    hub.say_status(7)
    wait_until(lambda: statuses(dsn) == [(HUB, 20, 7)])
    wait_until(lambda: [topic for topic, _, _ in refusals(dsn)] == [hub.topics.events])


def statuses(dsn: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT hub_id, seq, rev FROM hub_status").fetchall()
