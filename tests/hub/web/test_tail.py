"""The log over the local door, on a real socket."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.core.clock import SystemClock
from hub.core.orders import Orders
from hub.model.errors import Invalid
from hub.web import tail
from hub.web.local import LocalDoor, socket_path, stream

BALANCE, OCPP = logging.getLogger("hub.balance.service"), logging.getLogger("integrations.ocpp.server")


@pytest.fixture(autouse=True)
def _as_the_hub_logs() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    yield
    root.setLevel(before)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Path]:
    """The socket of a door with a log behind it, and three lines in that."""
    clock = SystemClock()
    one = tail.Tail(clock)
    local = LocalDoor(tmp_path, Orders(clock), dict)
    local.offer("/log", one.stream)
    await one.start()
    await local.start()
    BALANCE.info("first")
    OCPP.warning("second")
    BALANCE.warning("third")
    yield socket_path(tmp_path)
    await local.stop()
    await one.stop()
    BALANCE.error("nobody listens any more")


async def texts(door: Path, **query: str) -> list[str]:
    parts = [part async for part in stream(door, "/log", query)]
    return [json.loads(line)["text"] for line in b"".join(parts).splitlines()]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, ["first", "second", "third"]),
        ({"lines": "2"}, ["second", "third"]),
        ({"lines": "0"}, []),
        ({"level": "warning"}, ["second", "third"]),
        ({"room": "balance"}, ["first", "third"]),
        ({"room": "balance,ocpp"}, ["first", "second", "third"]),
        ({"room": "balance", "level": "warning", "lines": "5"}, ["third"]),
    ],
)
async def test_the_lines_that_were_asked_for(door: Path, query: dict[str, str], said: list[str]) -> None:
    assert await texts(door, **query) == said


@pytest.mark.parametrize("query", [{"lines": "-1"}, {"level": "loud"}, {"rooms": "balance"}])
async def test_a_wrong_question_is_refused(door: Path, query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        await texts(door, **query)


async def test_who_follows_hears_what_comes(door: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "LOOK_S", 0.01)
    monkeypatch.setattr(tail, "ALIVE_S", 0.05)
    coming = stream(door, "/log", {"lines": "1", "follow": "true", "level": "warning"})
    async with asyncio.timeout(10):
        assert json.loads(await anext(coming))["text"] == "third"
        while await anext(coming) != b"\n":
            pass  # a sign of life while there is nothing to say
        BALANCE.info("not asked for")
        BALANCE.error("fourth")
        while not (part := (await anext(coming)).strip()):
            pass
        assert [json.loads(line)["text"] for line in part.splitlines()] == ["fourth"]
    await coming.aclose()  # type: ignore[attr-defined]
