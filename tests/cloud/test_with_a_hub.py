"""The hub's own way up meets the operator's side: by mutual TLS into NATS, by a plain mosquitto, and by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import JsonValue

from cloud.command import send
from cloud.nats_server import Tls
from cloud.tokens import add
from hub.operators.config import OperatorConfig
from hub.operators.store import READER
from hub.wire.operator.messages import Command
from tests.cloud.waiting import wait_until
from tests.cloud.wire import seen
from tests.conftest import Mosquitto, unused_port
from tests.hub.operators.small_hub import SmallHub, running
from tests.servers import Nats, Program, aggregator_in, nats_in

CERTIFICATES = Path(__file__).parents[1] / "tls"
HUB = "hub-1"  # the common name of the hub's certificate
TLS = Tls(CERTIFICATES / "broker.pem", CERTIFICATES / "broker.key", CERTIFICATES / "hub.pem")


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    server = nats_in(tmp_path / "nats", {HUB: None}, TLS)
    server.program.start()
    yield server
    server.program.stop()


@pytest.fixture
def by_nats(tmp_path: Path, nats: Nats, postgres_url: str) -> Iterator[OperatorConfig]:
    aggregator = aggregator_in(tmp_path, ["--nats", nats.url], postgres_url)
    yield from started(
        aggregator,
        OperatorConfig(
            url=f"mqtts://127.0.0.1:{nats.mqtt_port}",
            hub_id=HUB,
            ca=TLS.certificate,
            certificate=CERTIFICATES / "hub.pem",
            key=CERTIFICATES / "hub.key",
            begin="beginning",
            commands=("charger.set_limit",),
        ),
    )


@pytest.fixture
def by_mosquitto(tmp_path: Path, mosquitto: Mosquitto, postgres_url: str) -> Iterator[OperatorConfig]:
    url = f"mqtt://127.0.0.1:{mosquitto.port}"
    aggregator = aggregator_in(tmp_path, ["--mqtt", url], postgres_url)
    yield from started(aggregator, OperatorConfig(url=url, hub_id=HUB, begin="beginning"))


@pytest.fixture
def by_http(tmp_path: Path, mosquitto: Mosquitto, postgres_url: str, dsn: str) -> Iterator[OperatorConfig]:
    url, http = f"mqtt://127.0.0.1:{mosquitto.port}", f"127.0.0.1:{unused_port()}"
    aggregator = aggregator_in(tmp_path, ["--mqtt", url, "--http", http], postgres_url)
    token = asyncio.run(add(dsn, HUB))
    config = {"fallback_url": f"http://{http}", "hub_id": HUB, "token": token, "begin": "beginning"}
    yield from started(aggregator, OperatorConfig.model_validate(config))


def started(aggregator: Program, config: OperatorConfig) -> Iterator[OperatorConfig]:
    aggregator.start()
    yield config
    aggregator.stop()


@pytest.mark.parametrize("way", ["nats", "mosquitto", "http"])
def test_the_operator_has_the_journal(way: str, request: pytest.FixtureRequest, tmp_path: Path, dsn: str) -> None:
    config: OperatorConfig = request.getfixturevalue(f"by_{way}")
    asyncio.run(journal_arrives(tmp_path, config, dsn))


async def journal_arrives(tmp_path: Path, config: OperatorConfig, dsn: str) -> None:
    async with running(tmp_path, {"acme": config}) as hub:
        await hub.journals(1500)
        await asyncio.to_thread(wait_until, lambda: upto(dsn) == hub.journal.head_position.seq)
        await asyncio.to_thread(wait_until, lambda: status_seq(dsn) is not None)
        assert seen(dsn, HUB, hub.store.epoch) == list(range(1, hub.journal.head_position.seq + 1))
        await cursor_follows(hub)


async def cursor_follows(hub: SmallHub) -> None:
    """The hub knows that the operator has it."""
    async with asyncio.timeout(10):
        while (await hub.journal.cursor(READER + "acme", 0)) < hub.journal.head:
            await asyncio.sleep(0.05)


def test_a_command_by_mutual_tls(by_nats: OperatorConfig, nats: Nats, tmp_path: Path) -> None:
    reply = asyncio.run(commanded(tmp_path, by_nats, nats))
    assert reply == {"limit_a": 10.0, "who": "acme", "via": "operator"}


async def commanded(tmp_path: Path, config: OperatorConfig, nats: Nats) -> object:
    args: dict[str, JsonValue] = {"charger": "bay-1", "limit_a": 10}
    command = Command(id="c-1", name="charger.set_limit", args=args, expires_at="2099-01-01T00:00:00.000Z")
    async with running(tmp_path, {"acme": config}):
        for _ in range(20):  # the same command until the hub has come: it is carried out once
            try:
                return (await send(nats.url, HUB, command, within_s=0.5)).result
            except TimeoutError:
                continue
    raise AssertionError("no reply")


def upto(dsn: str) -> int | None:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT max(upto) FROM progress").fetchone()
    return row[0] if row else None


def status_seq(dsn: str) -> int | None:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT seq FROM hub_status").fetchone()
    return row[0] if row else None
