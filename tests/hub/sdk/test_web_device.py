"""A device with a web server: what it answers, and in which words it does not, on real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from hub.sdk import Address, StationId, Unreachable, WebDevice, json_object
from hub.sdk.testing import RecordingStationHost
from tests.conftest import unused_port
from tests.integrations.bench import a_server

NAMED = {"Authorization": "Basic eA=="}


@asynccontextmanager
async def a_device(*routes: web.RouteDef, within_s: float = 5.0) -> AsyncIterator[WebDevice]:
    async with (
        a_server(list(routes)) as where,
        RecordingStationHost(StationId("S1"), where=where) as host,
    ):
        yield WebDevice(host, within_s, NAMED)


async def echo(request: web.Request) -> web.Response:
    """What it was asked, and how."""
    headers = [request.headers.get(name) for name in ("Connection", "Authorization")]
    return web.json_response(
        {"query": dict(request.query), "headers": headers, "body": await request.text()}, status=418
    )


async def never(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def test_an_answer_is_its_status_and_its_body() -> None:
    async with a_device(web.get("/echo", echo), web.post("/echo", echo)) as device:
        status, asked = await device.get("/echo", {"id": "0"})
        _, sent = await device.post("/echo", {"limit_a": 10})
    headers = ["close", NAMED["Authorization"]]
    assert (status, json_object(asked)) == (418, {"query": {"id": "0"}, "headers": headers, "body": ""})
    assert json_object(sent) == {"query": {}, "headers": headers, "body": '{"limit_a": 10}'}


async def test_a_redirection_is_not_followed() -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound("/echo")

    async with a_device(web.get("/", elsewhere), web.get("/echo", echo)) as device:
        assert (await device.get("/"))[0] == 302


async def test_one_that_does_not_answer_in_time() -> None:
    async with a_device(web.get("/", never), within_s=0.1) as device:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:\d+/ gives no answer within 0\.1 s"):
            await device.get("/")
        with pytest.raises(Unreachable, match="its WebSocket cannot be opened: TimeoutError"):
            await device.open_socket("/", 10.0, 1000)


async def test_one_that_is_not_there_and_one_whose_address_nobody_knows() -> None:
    async with RecordingStationHost(StationId("S1"), where=Address("127.0.0.1", unused_port())) as host:
        device = WebDevice(host, 5.0)
        with pytest.raises(Unreachable, match="does not answer: Cannot connect"):
            await device.get("/")
        with pytest.raises(Unreachable, match="its WebSocket cannot be opened: Cannot connect"):
            await device.open_socket("/", 10.0, 1000)
        host.where = None
        with pytest.raises(Unreachable, match="its address is not known") as unknown:
            await device.get("/")
        assert unknown.value.next == "wait until it announces itself, or set host in its entry"


async def test_a_websocket() -> None:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(request.headers["Authorization"])
        await socket.send_str("x" * 1001)
        await socket.receive()
        return socket

    async with a_device(web.get("/ws", serve)) as device, await device.open_socket("/ws", 10.0, 1000) as socket:
        assert await socket.receive_str() == NAMED["Authorization"]
        assert (await socket.receive()).type is aiohttp.WSMsgType.ERROR  # longer than the longest frame


@pytest.mark.parametrize(
    ("text", "found"), [('{"a": 1}', {"a": 1}), (b"{}", {}), ("[1]", None), ("no JSON", None), (b"\xff", None)]
)
def test_the_json_object_in_a_text(text: str | bytes, found: object) -> None:
    assert json_object(text) == found
