"""Quiet sockets: pinged, left alone while anything comes, closed when nothing does. In simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from hub.model.facts import ChargerDisconnected
from hub.sdk.testing import FakeClock, until
from tests.integrations.ocpp.harness import SmallHub, Wishes, bay, small_hub


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def hub(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SmallHub]:
    async with small_hub(tmp_path, Wishes(clock)) as running:
        yield running


async def test_a_quiet_socket_is_pinged_now_and_then(hub: SmallHub, clock: FakeClock) -> None:
    charger = await hub.connected()
    for pings in (1, 2, 3):
        await clock.advance(26)
        await until(lambda wanted=pings: charger.pings == wanted)  # type: ignore[misc]
    assert hub.live().online


async def test_a_busy_socket_is_not_pinged(hub: SmallHub, clock: FakeClock) -> None:
    charger = await hub.connected()
    for _ in range(10):
        await clock.advance(15)
        await charger.say("Heartbeat", {})
    assert charger.pings == 0


async def test_q12_without_pongs_it_stays_while_messages_come(hub: SmallHub, clock: FakeClock) -> None:
    charger = await hub.connected()
    charger.pongs = False
    for _ in range(5):
        await clock.advance(100)
        assert (await charger.say("Heartbeat", {}))[0] == 3
    assert charger.pings > 0
    assert hub.live().online


async def test_pongs_alone_keep_it(hub: SmallHub, clock: FakeClock) -> None:
    charger = await hub.connected()
    for _ in range(12):
        pings = charger.pings
        await clock.advance(30)
        await until(lambda before=pings: charger.pings > before)  # type: ignore[misc]
        assert charger.socket is not None
    assert hub.live().online


async def test_a_socket_from_which_nothing_comes_is_closed(hub: SmallHub, clock: FakeClock) -> None:
    charger = await hub.connected()
    charger.pongs = False
    await clock.advance(160)
    await until(lambda: charger.closed)
    assert (await hub.until_told(ChargerDisconnected)).why == "its connection closed"
    await charger.dial()
    await charger.boot()
    await hub.online()


async def test_a_half_open_socket_is_dropped(hub: SmallHub, clock: FakeClock) -> None:
    """The other end does not even answer the close."""
    charger = await hub.connected()
    assert charger._reading is not None
    charger._reading.cancel()
    await clock.advance(160)
    await until(lambda: not hub.live().online)


async def test_a_peer_that_reads_nothing_any_more_is_dropped(hub: SmallHub, clock: FakeClock) -> None:
    """What was sent to it fills every buffer, so not even a close frame gets through."""
    await hub.draw(bay(1))
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    writer.write(
        b"GET /ocpp/CP1 HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    for _ in range(12):  # the id comes back in the answer
        writer.write(masked(b'[2,"%s","Heartbeat",{}]' % (b"i" * 900_000)))
    await clock.advance(4)  # no boot came
    await hub.online()
    await clock.advance(160)
    await until(lambda: not hub.live().online)
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


def masked(text: bytes) -> bytes:
    """A text frame as a client sends it; with a key of zeros it reads as it is."""
    return b"\x81\xff" + len(text).to_bytes(8, "big") + bytes(4) + text


async def test_a_stranger_that_falls_silent_is_forgotten(hub: SmallHub, clock: FakeClock) -> None:
    charger = hub.charger("CP9")
    charger.pongs = False
    await charger.dial()
    await charger.boot()
    await until(lambda: "CP9" in hub.waiting.here)
    await clock.advance(160)
    await until(lambda: "CP9" not in hub.waiting.here)


async def test_q13_the_old_half_of_a_line_does_not_end_the_new_one_later(hub: SmallHub, clock: FakeClock) -> None:
    await hub.draw(bay(1))
    old, new = hub.charger(), hub.charger()
    await old.dial()
    await old.boot()
    await hub.online()
    assert old._reading is not None
    old._reading.cancel()  # half open: it will answer no close
    await new.dial()
    await new.boot()
    await until(lambda: old.socket is not None)
    for _ in range(4):
        await clock.advance(60)
        assert (await new.say("Heartbeat", {}))[0] == 3
    assert hub.live().online
    assert await hub.limit(10) == 10
