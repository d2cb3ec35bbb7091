"""Talking to one OpenEVSE: JSON over HTTP, and a WebSocket that sends changes of the status.

Each request has its own connection: the ESP32 has few sockets, and one kept alive would fail once after each restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import orjson

from hub.sdk import Refused, StationHost, Unreachable, Unsupported
from integrations.openevse.config import Config

REQUEST_S = 4.0
PING_S = 15.0  # a WebSocket that answers no ping for half of that is closed
LONGEST_FRAME = 64 * 1024


class Client:
    """The device at whatever address it has now. Everything raises Unreachable when it does not answer properly."""

    def __init__(self, host: StationHost, config: Config) -> None:
        self._host = host
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._config = config

    async def get(self, path: str) -> Mapping[str, object] | None:
        """The JSON object behind a path; None when there is nothing (404)."""
        status, body = await self._ask("GET", path)
        if status == 404:
            return None
        if status >= 300:
            raise Unreachable(f"it answers {path} with HTTP {status}", "open its web page in a browser and look")
        found = json_object(body)
        if found is None:
            raise Unreachable(f"it answers {path} with something that is not JSON", "check that this is an OpenEVSE")
        return found

    async def post(self, path: str, body: Mapping[str, object]) -> None:
        """Send a JSON object. Raises Unsupported when the firmware has no such path, Refused when it says no."""
        status, answer = await self._ask("POST", path, body)
        if status == 404:
            raise Unsupported(f"its firmware has no {path}", "update its Wi-Fi firmware to 4 or later")
        if status >= 300:
            said = (json_object(answer) or {}).get("msg")
            raise Refused(f"it refuses {path} with HTTP {status}: {said or 'no reason given'}")

    async def follow(self, heard: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
        """Give every change of the status to `heard` until the WebSocket ends. Unreachable when it cannot be opened."""
        async with await self._open() as socket:
            self._socket = socket
            async for message in socket:
                change = json_object(message.data) if message.type is aiohttp.WSMsgType.TEXT else None
                if change is not None:
                    await heard(change)

    async def hang_up(self) -> None:
        """End `follow`, if it runs: the device has moved."""
        if self._socket is not None:
            await self._socket.close()

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(REQUEST_S):
                return await self._host.http.ws_connect(
                    self._url("/ws"),
                    headers=_login(self._config),
                    heartbeat=PING_S,
                    max_msg_size=LONGEST_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=0.5),
                )
        except (aiohttp.ClientError, OSError) as failed:
            raise Unreachable(f"its WebSocket cannot be opened: {_words(failed)}") from failed

    async def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, bytes]:
        url = self._url(path)
        request = self._host.http.request(
            method, url, json=body, headers={"Connection": "close", **_login(self._config)}, allow_redirects=False
        )
        try:
            async with asyncio.timeout(REQUEST_S), request as answer:
                status, said = answer.status, await answer.read()
        except TimeoutError:
            raise Unreachable(f"{url} gives no answer within {REQUEST_S:.0f} s") from None
        except (aiohttp.ClientError, OSError) as failed:
            raise Unreachable(f"{url} does not answer: {_words(failed)}") from failed
        if status == 401:
            raise Unreachable("it asks for a password", "set username and password of its web page in its entry")
        return status, said

    def _url(self, path: str) -> str:
        address = self._host.address()
        if address is None:
            raise Unreachable("its address is not known", "wait until it announces itself, or set host in its entry")
        return f"http://{address}{path}"


def json_object(text: str | bytes) -> Mapping[str, object] | None:
    """The JSON object in a text; None when it is none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _login(config: Config) -> dict[str, str]:
    if config.username is None and config.password is None:
        return {}
    password = config.password.get_secret_value() if config.password is not None else ""
    return {"Authorization": aiohttp.encode_basic_auth(config.username or "", password, encoding="utf-8")}


def _words(failed: Exception) -> str:
    return str(failed) or type(failed).__name__
