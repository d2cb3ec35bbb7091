"""What strangers do to a port leaves no traceback in the log; what fails here does."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from aiohttp import web

from hub.core.listen import listen
from hub.core.log import JsonLines, Lines, Recent, plain_line, to_stderr


@pytest.fixture
def stderr_logging() -> Iterator[None]:
    """As a command logs; put back afterwards."""
    root, server = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = root.handlers[:], root.level, server.filters[:]
    to_stderr()
    yield
    root.handlers[:], root.level, server.filters[:] = before


async def answer_to(port: int, said: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def gone(request: web.Request) -> web.StreamResponse:
    raise ConnectionResetError("Cannot write to closing transport")


async def broken(request: web.Request) -> web.StreamResponse:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        (b"\x16\x03\x01 this is TLS\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000 + b"\r\n\r\n", False),
        (b"GET /gone HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", False),
        (b"GET /broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", True),
    ],
    ids=["tls", "long header", "hung up", "a mistake of ours"],
)
async def test_only_our_own_mistakes_are_logged(
    stderr_logging: None, capsys: pytest.CaptureFixture[str], said: bytes, logged: bool
) -> None:
    to_stderr()  # to the stderr that this test reads
    app = web.Application()
    app.router.add_get("/gone", gone)
    app.router.add_get("/broken", broken)
    listening = await listen(app, "127.0.0.1", 0, setting="web.port")
    assert (await answer_to(listening.port, said)).startswith(b"HTTP/1.") or said.startswith(b"GET /gone")
    await listening.close()
    assert ("Traceback" in capsys.readouterr().err) is logged


@pytest.mark.parametrize(
    ("logger", "room"),
    [
        ("hub.balance.service", "balance"),
        ("hub.core.tasks", "core"),
        ("hub.core.mqtt_link.client", "mqtt_link"),
        ("integrations.shelly.08f9e0e5c790", "shelly"),
        ("aiohttp.server", "aiohttp.server"),
    ],
)
def test_a_line_names_the_room(logger: str, room: str) -> None:
    record = logging.LogRecord(logger, logging.INFO, "", 0, "something", (), None)
    assert Lines().format(record).split()[2] == room


def record(text: str, level: int = logging.INFO, logger: str = "hub.balance.service") -> logging.LogRecord:
    return logging.LogRecord(logger, level, "", 0, text, (), None)


def test_an_entry_reads_as_the_line_did() -> None:
    for one in (record("something"), record("else", logging.WARNING, "integrations.shelly.08f9e0e5c790")):
        assert plain_line(JsonLines().entry(one)) == Lines().format(one)


def test_the_latest_lines_are_kept_and_no_more() -> None:
    recent = Recent(most=3)
    for number in range(5):
        recent.handle(record(f"line {number}"))
    assert [(no, entry["text"]) for no, entry in recent.after(0)] == [(3, "line 2"), (4, "line 3"), (5, "line 4")]
    assert [entry["text"] for _, entry in recent.after(4)] == ["line 4"]
    assert recent.after(5) == []


def test_a_line_without_end_is_cut() -> None:
    recent = Recent()
    recent.handle(record("x" * 100_000))
    [(_, entry)] = recent.after(0)
    assert len(entry["text"]) == 8000
