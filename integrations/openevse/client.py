"""Talking to one OpenEVSE: JSON over HTTP, and a WebSocket that sends changes of the status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import aiohttp

from hub.sdk import Refused, StationHost, Unreachable, Unsupported, WebDevice, json_object
from integrations.openevse.config import Config

REQUEST_S = 4.0
PING_S = 15.0
LONGEST_FRAME = 64 * 1024


class Client:
    """The device at whatever address it has now. Everything raises Unreachable when it does not answer properly."""

    def __init__(self, host: StationHost, config: Config) -> None:
        self._device = WebDevice(host, REQUEST_S, _login(config))
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def get(self, path: str) -> Mapping[str, object] | None:
        """The JSON object behind a path; None when there is nothing (404)."""
        status, body = await self._device.get(path)
        _check(status)
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
        status, answer = await self._device.post(path, body)
        _check(status)
        if status == 404:
            raise Unsupported(f"its firmware has no {path}", "update its Wi-Fi firmware to 4 or later")
        if status >= 300:
            said = (json_object(answer) or {}).get("msg")
            raise Refused(f"it refuses {path} with HTTP {status}: {said or 'no reason given'}")

    async def follow(self, heard: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
        """Give every change of the status to `heard` until the WebSocket ends. Unreachable when it cannot be opened."""
        async with await self._device.open_socket("/ws", PING_S, LONGEST_FRAME) as socket:
            self._socket = socket
            async for message in socket:
                change = json_object(message.data) if message.type is aiohttp.WSMsgType.TEXT else None
                if change is not None:
                    await heard(change)

    async def hang_up(self) -> None:
        """End `follow`, if it runs: the device has moved."""
        if self._socket is not None:
            await self._socket.close()


def _check(status: int) -> None:
    if status == 401:
        raise Unreachable("it asks for a password", "set username and password of its web page in its entry")


def _login(config: Config) -> dict[str, str]:
    if config.username is None and config.password is None:
        return {}
    password = config.password.get_secret_value() if config.password is not None else ""
    return {"Authorization": aiohttp.encode_basic_auth(config.username or "", password, encoding="utf-8")}
