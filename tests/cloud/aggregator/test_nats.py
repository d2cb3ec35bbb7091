"""Hubs on a real nats-server, aggregators as processes, a real PostgreSQL: whatever is killed, every place once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.cloud.hub_peer import HubPeer, hub_peer, pump_all
from tests.cloud.waiting import wait_until
from tests.cloud.wire import HUB, refusals, seen
from tests.servers import Nats, Program, aggregator_in, nats_in

HUBS = {HUB: "pw-1", "garage-2": "pw-2", "garage-3": "pw-3"}
Starter = Callable[[], Program]


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    server = nats_in(tmp_path / "nats", HUBS)
    server.program.start()
    yield server
    server.program.stop()


@pytest.fixture
def start(tmp_path: Path, nats: Nats, postgres_url: str) -> Iterator[Starter]:
    """Starts one more aggregator."""
    started: list[Program] = []

    def one() -> Program:
        folder = tmp_path / f"aggregator-{len(started)}"
        folder.mkdir()
        aggregator = aggregator_in(folder, ["--nats", nats.url], postgres_url)
        started.append(aggregator)
        aggregator.start()
        return aggregator

    yield one
    for aggregator in started:
        aggregator.stop()


@pytest.fixture
def hub(nats: Nats) -> Iterator[HubPeer]:
    with hub_peer(nats.mqtt_port, HUB, HUBS[HUB]) as peer:
        yield peer


def test_everything_once_and_in_order(start: Starter, hub: HubPeer, dsn: str) -> None:
    aggregator = start()
    hub.grow(3000)
    hub.pump_until(3000, within_s=20)
    assert seen(dsn) == hub.places
    assert aggregator.stop() == 0
    assert "Traceback" not in aggregator.said()


def test_what_came_while_no_aggregator_ran_is_in_the_stream(start: Starter, hub: HubPeer, dsn: str) -> None:
    start().stop()
    hub.grow(300)
    hub.pump()
    start()
    hub.pump_until(300, within_s=20)
    assert seen(dsn) == hub.places


@pytest.mark.slow
def test_the_server_is_killed_in_mid_stream(start: Starter, nats: Nats, hub: HubPeer, dsn: str) -> None:
    aggregator = start()
    for _ in range(3):
        hub.grow(2000)
        hub.pump_until(hub.head - 1200, within_s=20)
        nats.program.kill()
        nats.program.start()
    hub.pump_until(hub.head, within_s=30)
    assert seen(dsn) == hub.places
    assert aggregator.stop() == 0
    assert aggregator.said().count("the connection to NATS was lost") == 3  # said when it begins, and when it ends
    assert aggregator.said().count("NATS is back") == 3
    assert "Traceback" not in aggregator.said()


@pytest.mark.slow
def test_a_stream_that_was_wiped_is_made_again(
    tmp_path: Path, start: Starter, nats: Nats, hub: HubPeer, dsn: str
) -> None:
    start()
    hub.grow(200)
    hub.pump_until(200, within_s=20)
    nats.program.kill()
    (tmp_path / "nats" / "store").rename(tmp_path / "nats" / "lost")
    nats.program.start()
    hub.grow(200)
    hub.pump_until(400, within_s=40)
    assert seen(dsn) == hub.places


@pytest.mark.slow
def test_aggregators_are_killed_in_mid_stream(start: Starter, nats: Nats, dsn: str) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(hub_peer(nats.mqtt_port, *hub, batch=40)) for hub in HUBS.items()]
        first, second = start(), start()
        for killed in (first, second, first):
            for peer in peers:
                peer.grow(1500)
            peers[0].pump_until(peers[0].head - 900, within_s=20)
            killed.kill()
            killed.start()
        pump_all(peers, within_s=45)
        assert [seen(dsn, peer.hub) for peer in peers] == [peer.places for peer in peers]


def test_a_database_that_is_away_is_waited_for(start: Starter, hub: HubPeer, dsn: str) -> None:
    aggregator = start()
    hub.grow(400)
    hub.pump_until(100, within_s=20)
    admin, name = dsn.rsplit("/", 1)
    with psycopg.connect(f"{admin}/evhub", autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        hub.grow(400)
        hub.pump()
        wait_until(lambda: "the database is away" in aggregator.said())
        connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true'.encode())
    hub.pump_until(800, within_s=30)
    assert seen(dsn) == hub.places
    assert "Traceback" not in aggregator.said()


def test_a_hub_speaks_for_itself_only(start: Starter, hub: HubPeer, dsn: str) -> None:
    start()
    hub.paho.publish("evhub-up/garage-2/ev", b"not mine", qos=1)  # the server drops it
    hub.paho.publish(hub.topics.events, b"no batch", qos=1)
    hub.grow(10)
    hub.pump_until(10, within_s=20)
    assert [topic for topic, _, _ in refusals(dsn)] == ["evhub-up.garage-1.ev"]


def test_live_status_is_answered_with_how_far_the_journal_is_kept(start: Starter, hub: HubPeer, dsn: str) -> None:
    start()
    hub.grow(20)
    hub.pump_until(20, within_s=20)
    hub.heard.clear()
    hub.say_status(1)
    wait_until(lambda: [ack.upto for ack in hub.heard] == [20])
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT hub_id, seq, rev FROM hub_status").fetchall() == [(HUB, 20, 1)]


def test_it_starts_before_the_server_and_ends_at_a_signal(tmp_path: Path, nats: Nats, postgres_url: str) -> None:
    nats.program.stop()
    aggregator = aggregator_in(tmp_path, ["--nats", nats.url], postgres_url)
    waiting = threading.Thread(target=aggregator.start)
    waiting.start()
    wait_until(lambda: "the broker is away" in aggregator.said())
    nats.program.start()
    waiting.join(20)
    assert aggregator.stop() == 0
    assert "Traceback" not in aggregator.said()
