"""Talking to one Shelly of generation 2 or later: RPC by HTTP, and notifications by WebSocket.

Not the library aioshelly: a meter needs two calls and one subscription of its many hundred lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import aiohttp
import orjson

from hub.sdk import StationHost, Unreachable

REQUEST_S = 2.5
PING_S = 10.0  # a WebSocket that answers no ping for half of that is closed
LONGEST_FRAME = 256 * 1024
NOTIFICATIONS = ("NotifyStatus", "NotifyFullStatus")


class Client:
    """The device at whatever address it has now. Everything raises Unreachable when it does not answer properly."""

    def __init__(self, host: StationHost) -> None:
        self._host = host
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def call(self, method: str, **params: int) -> Mapping[str, object]:
        """The result of a method. Its own connection each time: the device has six."""
        url = self._url(f"/rpc/{method}")
        request = self._host.http.get(url, params=params, headers={"Connection": "close"}, allow_redirects=False)
        try:
            async with asyncio.timeout(REQUEST_S), request as answer:
                status, body = answer.status, await answer.read()
        except TimeoutError:
            raise Unreachable(f"{url} gives no answer within {REQUEST_S:g} s") from None
        except (aiohttp.ClientError, OSError) as failed:
            raise Unreachable(f"{url} does not answer: {_words(failed)}") from failed
        found = json_object(body)
        if status == 401:
            raise asks_for_password()
        if status != 200 or found is None:
            said = found.get("message") if found else "no JSON"
            raise Unreachable(
                f"it answers {method} with HTTP {status}, {said}",
                "check that this is a Shelly of generation 2 or later",
            )
        return found

    async def follow(self, source: str, heard: Callable[[str, Mapping[str, object]], None]) -> None:
        """Give `heard` the sender and the parameters of each notification until the WebSocket ends.

        `source` names us: a device notifies only those who have sent a request with a name.
        """
        async with await self._open() as socket:
            self._socket = socket
            await socket.send_json({"id": 1, "src": source, "method": "Shelly.GetDeviceInfo"})
            async for message in socket:
                frame = json_object(message.data) if message.type is aiohttp.WSMsgType.TEXT else None
                if frame is not None:
                    _dispatch(frame, heard)

    async def hang_up(self) -> None:
        """End `follow`, if it runs: the device has moved."""
        if self._socket is not None:
            await self._socket.close()

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(REQUEST_S):
                return await self._host.http.ws_connect(
                    self._url("/rpc"),
                    heartbeat=PING_S,
                    max_msg_size=LONGEST_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=0.5),
                )
        except (aiohttp.ClientError, OSError) as failed:
            raise Unreachable(f"its WebSocket cannot be opened: {_words(failed)}") from failed

    def _url(self, path: str) -> str:
        address = self._host.address()
        if address is None:
            raise Unreachable("its address is not known", "wait until it announces itself, or set host in its entry")
        return f"http://{address}{path}"


def asks_for_password() -> Unreachable:
    """What a locked device means."""
    return Unreachable(
        "it asks for a password", "switch authentication off in its web page: the hub cannot log in to a Shelly yet"
    )


def json_object(text: str | bytes) -> Mapping[str, object] | None:
    """The JSON object in a text; None when it is none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _dispatch(frame: Mapping[str, object], heard: Callable[[str, Mapping[str, object]], None]) -> None:
    error, params, source = frame.get("error"), frame.get("params"), frame.get("src")
    if isinstance(error, dict) and error.get("code") == 401:
        raise asks_for_password()
    if frame.get("method") in NOTIFICATIONS and isinstance(params, dict) and isinstance(source, str):
        heard(source, params)


def _words(failed: Exception) -> str:
    return str(failed) or type(failed).__name__
