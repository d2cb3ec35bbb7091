"""`python -m cloud.aggregator --nats nats://… --database postgresql://…` runs one aggregator until a signal comes."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from aiohttp import web

from cloud.aggregator.api import Api
from cloud.aggregator.database import Database
from cloud.aggregator.fleet import Fleet
from cloud.aggregator.lines import Broker, Uplink
from cloud.aggregator.service import Aggregator, prepare
from cloud.aggregator.store import Store

STOPS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says."""

    database: str
    broker: Broker
    is_mqtt: bool
    http: tuple[str, int] | None
    operator_token: str | None


async def run(settings: Settings) -> None:
    """Run until a signal comes."""
    work = asyncio.ensure_future(_work(settings))
    for stop in STOPS:
        asyncio.get_running_loop().add_signal_handler(stop, work.cancel)
    await asyncio.wait([work])
    if not work.cancelled():
        work.result()


async def _work(settings: Settings) -> None:
    await prepare(settings.database)
    async with _http(settings):
        await Aggregator(_uplink(settings), settings.database).run()


def _uplink(settings: Settings) -> Uplink:
    if settings.is_mqtt:
        from cloud.aggregator.mqtt_uplink import MqttUplink  # noqa: PLC0415  # only one of the two is wanted

        return MqttUplink(settings.broker)
    from cloud.aggregator.nats_uplink import NatsUplink  # noqa: PLC0415

    return NatsUplink(settings.broker)


@asynccontextmanager
async def _http(settings: Settings) -> AsyncIterator[None]:
    if settings.http is None:
        yield
        return
    reading, writing = Database(settings.database), Database(settings.database)
    runner = web.AppRunner(Api(Fleet(reading), Store(writing), settings.operator_token).application())
    await runner.setup()
    try:
        await web.TCPSite(runner, *settings.http).start()
        yield
    finally:
        await runner.cleanup()
        await reading.close()
        await writing.close()


def _address(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise click.BadParameter(f"{text!r} is no address and port: write 127.0.0.1:8080", param_hint="--http")
    return host or "127.0.0.1", int(port)


def _operator_token(file: Path | None, from_environment: str | None) -> str | None:
    return file.read_text().strip() if file is not None else from_environment


@click.command()
@click.option("--database", required=True, envvar="EVHUB_CLOUD_DATABASE", help="postgresql://…")
@click.option("--nats", envvar="EVHUB_CLOUD_NATS", help="nats://aggregator:password@host:4222, or tls://…")
@click.option("--mqtt", envvar="EVHUB_CLOUD_MQTT", help="A plain broker instead: mqtt://… or mqtts://…")
@click.option("--ca", type=click.Path(exists=True, path_type=Path), help="Who signed the broker's certificate.")
@click.option("--http", help="Serve the API at this address and port, e.g. 127.0.0.1:8080.")
@click.option("--operator-token-file", type=click.Path(exists=True, path_type=Path), help="Who may read the fleet.")
@click.option("--operator-token", envvar="EVHUB_OPERATOR_TOKEN", help="The same from the environment.", hidden=True)
def main(
    database: str,
    nats: str | None,
    mqtt: str | None,
    ca: Path | None,
    http: str | None,
    operator_token_file: Path | None,
    operator_token: str | None,
) -> None:
    """Keep what hubs push in PostgreSQL, and acknowledge it then."""
    url = nats or mqtt
    if url is None or (nats and mqtt):
        raise click.UsageError("give --nats or --mqtt")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    is_secure = url.startswith(("tls://", "mqtts://"))
    tls = ssl.create_default_context(cafile=ca) if is_secure else None
    token = _operator_token(operator_token_file, operator_token)
    asyncio.run(run(Settings(database, Broker(url, tls), mqtt is not None, _address(http), token)))


if __name__ == "__main__":
    main()
