"""Trials of the contract on real sockets: a device that is missing, and one that talks nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from aiohttp.http_exceptions import HttpProcessingError

from hub.model.candidate import Address, Kind
from hub.model.errors import EvhubError
from hub.model.ids import MeterId, StationId
from hub.model.lease import Lease
from hub.model.reading import Link
from hub.sdk.capabilities import Driver, HoldsLeases, Resets, SetsLimit, StartsAndStops, Unlocks
from hub.sdk.config import IntegrationConfig
from hub.sdk.manifest import Manifest
from hub.sdk.testing.broker import RecordingBroker
from hub.sdk.testing.clock import QuickClock, until
from hub.sdk.testing.hosts import RecordingServerHost, RecordingStationHost

Entry = Callable[..., Awaitable[Driver]]

LOOPBACK = "127.0.0.1"
STATION = StationId("0242ac110002")
PACE = 50.0
STOPS_WITHIN_S = 2.0
MISSING_FOR_S = 0.2  # real seconds; ten of the driver's
NONSENSE_FOR_S = 0.6
ANSWERS_WITHIN_S = 10.0  # the hub gives no order more time
NONSENSE: tuple[object, ...] = (
    None, True, -1, 0, 1e300, float("nan"), "", "no", "\x00\ufffd", [], [None], {}, {"id": []}, 2**70,
)  # fmt: skip


async def starts_alone(entry: Entry, manifest: Manifest, config: type[IntegrationConfig]) -> None:
    """Nobody is there: it starts and stops, and a client says so and logs it once."""
    if manifest.serves:
        async with RecordingServerHost(clock=QuickClock(PACE)) as server:
            await _stop(await _begin(entry, server, _settings(config, await _free_port())))
        return
    with _failures() as failed, _warnings() as warned:
        async with _station(manifest.kind, Address(LOOPBACK, await _free_port())) as host:
            driver = await _begin(entry, host, config.model_validate(manifest.example))
            await until(lambda: host.contacts)
            await asyncio.sleep(MISSING_FOR_S)
            await _stop(driver)
    links = [contact.link for contact in host.contacts]
    if links != [Link.DOWN] or not host.contacts[0].why:
        raise AssertionError(f"a missing device is Contact down with the reason, not {host.contacts}")
    if failed or len(warned) != 1:
        raise AssertionError(f"a missing device is one warning in the log, not {failed + warned}")


async def survives_nonsense(
    entry: Entry, manifest: Manifest, config: type[IntegrationConfig], words: Sequence[str]
) -> None:
    """Nonsense on the wire: no task of the driver fails, and orders end with an error of the hub or an answer."""
    with _failures() as failed:
        if manifest.serves:
            await _serve_nonsense(entry, config)
        else:
            await _answer_nonsense(entry, manifest, config, words)
    if failed:
        raise AssertionError(f"nonsense made a task fail: {failed}")


async def _serve_nonsense(entry: Entry, config: type[IntegrationConfig]) -> None:
    port = await _free_port()
    async with RecordingServerHost(clock=QuickClock(PACE)) as host:
        driver = await _begin(entry, host, _settings(config, port))
        for raw in (b"\x00\xff" * 50, b"GET / HTTP/9.9\r\n\r\n", b"GET /x\r\n", b"\r\n\r\n\r\n", b"A" * 70_000):
            await _send_raw(port, raw)
        async with ClientSession(timeout=ClientTimeout(total=2)) as session:
            for path in ("/", "/../..", f"/{'x' * 5000}"):
                with contextlib.suppress(ClientError, OSError, TimeoutError):
                    await (await session.get(f"http://{LOOPBACK}:{port}{path}")).read()
        await _stop(driver)


async def _send_raw(port: int, raw: bytes) -> None:
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(raw)
        writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await reader.read()
        writer.close()
        await writer.wait_closed()


async def _answer_nonsense(
    entry: Entry, manifest: Manifest, config: type[IntegrationConfig], words: Sequence[str]
) -> None:
    async with _a_liar(words) as address, _station(manifest.kind, address) as host:
        driver = await _begin(entry, host, config.model_validate(manifest.example))
        babbling = asyncio.create_task(_babble(host.broker, words))
        await asyncio.sleep(NONSENSE_FOR_S)
        for order in _orders(driver):
            with contextlib.suppress(EvhubError):
                async with asyncio.timeout(ANSWERS_WITHIN_S):
                    await order
        babbling.cancel()
        await asyncio.gather(babbling, return_exceptions=True)
        await _stop(driver)


async def _babble(broker: RecordingBroker, words: Sequence[str]) -> None:
    """Nonsense on every topic that the driver listens to, over and over."""
    for body in itertools.cycle(list(_bodies(words))):
        for topic in broker.filters:
            broker.say(topic, body)
        await asyncio.sleep(0.002)


def _orders(driver: Driver) -> Iterator[Awaitable[object]]:
    """Each order that this driver takes, once."""
    if isinstance(driver, SetsLimit):
        yield driver.set_limit(1, 16.0)
        yield driver.set_limit(1, 0.0)
    if isinstance(driver, HoldsLeases):
        yield driver.lend(1, 16.0, Lease(datetime.now(UTC) + timedelta(seconds=45), floor_a=6.0))
    if isinstance(driver, StartsAndStops):
        yield driver.start_charging(1, "04AABBCC")
        yield driver.stop_charging(1)
    if isinstance(driver, Unlocks):
        yield driver.unlock(1)
    if isinstance(driver, Resets):
        yield driver.reset(hard=False)


@contextlib.asynccontextmanager
async def _a_liar(words: Sequence[str]) -> AsyncIterator[Address]:
    """A web server that answers everything with nonsense, by HTTP and by WebSocket, each time another."""
    bodies = itertools.cycle(list(_bodies(words)))
    statuses = itertools.cycle([200] * 20 + [201, 204, 400, 401, 404, 500])

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await _chatter(request, bodies)
        return web.Response(body=next(bodies), status=next(statuses), content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield Address(LOOPBACK, int(runner.addresses[0][1]))
    finally:
        await runner.cleanup()


async def _chatter(request: web.Request, bodies: Iterator[bytes]) -> web.StreamResponse:
    ws = web.WebSocketResponse(timeout=0.1)
    await ws.prepare(request)
    with contextlib.suppress(ConnectionError):
        for body in itertools.islice(bodies, 40):
            await ws.send_bytes(body) if body[:1] == b"\xff" else await ws.send_str(body.decode(errors="replace"))
            await asyncio.sleep(0.002)
        await ws.close()
    return ws


def _bodies(words: Sequence[str]) -> Iterator[bytes]:
    """No JSON, JSON of the wrong shape, and objects with the device's own keys and nonsense behind them."""
    yield from (b"", b"\xff\x00 no text", b"<html>", b"{", b"[1, 2]", b"null", b'"text"', b"1" * 5000)
    keys = sorted(set(words))
    for turn in range(2 * len(NONSENSE)):
        values = itertools.cycle(NONSENSE[turn % len(NONSENSE) :] + NONSENSE)
        plain = dict(zip(keys, values, strict=False))
        yield json.dumps(plain).encode()
        yield json.dumps({**plain, "method": "NotifyStatus", "params": plain, "result": plain}).encode()
        yield json.dumps(dict.fromkeys(keys, plain)).encode()


@contextlib.asynccontextmanager
async def _station(kind: Kind, address: Address) -> AsyncIterator[RecordingStationHost]:
    meter = MeterId("meter") if kind is Kind.METER else None
    async with RecordingStationHost(STATION, meter=meter, clock=QuickClock(PACE), where=address) as host:
        yield host


async def _begin(entry: Entry, host: RecordingStationHost | RecordingServerHost, config: IntegrationConfig) -> Driver:
    async with asyncio.timeout(STOPS_WITHIN_S):
        return await entry(host, config)


async def _stop(driver: Driver) -> None:
    try:
        async with asyncio.timeout(STOPS_WITHIN_S):
            await driver.stop()
    except TimeoutError:
        raise AssertionError(f"stop() took longer than {STOPS_WITHIN_S:g} s") from None


def _settings(config: type[IntegrationConfig], port: int | None = None) -> IntegrationConfig:
    wanted = {"port": port, "bind": LOOPBACK}
    return config.model_validate({k: v for k, v in wanted.items() if port is not None and k in config.model_fields})


async def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class _Lines(logging.Handler):
    def __init__(self, level: int, wanted: Callable[[logging.LogRecord], bool]) -> None:
        super().__init__(level)
        self.lines: list[str] = []
        self._wanted = wanted

    def emit(self, record: logging.LogRecord) -> None:
        if self._wanted(record):
            self.lines.append(self.format(record))


@contextlib.contextmanager
def _caught(logger: logging.Logger, handler: _Lines) -> Iterator[list[str]]:
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)


def _failures() -> contextlib.AbstractContextManager[list[str]]:
    """Whatever is logged with a traceback, by the task supervisor, by asyncio or by anybody else."""
    return _caught(logging.getLogger(), _Lines(logging.ERROR, _is_failure))


def _is_failure(record: logging.LogRecord) -> bool:
    """Not so aiohttp's own note that somebody does not speak HTTP."""
    error = record.exc_info[1] if record.exc_info else None
    return error is not None and not isinstance(error, HttpProcessingError)


def _warnings() -> contextlib.AbstractContextManager[list[str]]:
    """Warnings of the integration itself."""
    return _caught(logging.getLogger("integrations"), _Lines(logging.WARNING, lambda _: True))
