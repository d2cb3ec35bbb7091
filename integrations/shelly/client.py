"""Talking to one Shelly of generation 2 or later: RPC by HTTP, and notifications by WebSocket.

Not the library aioshelly: a meter needs two calls and one subscription of its many hundred lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import aiohttp

from hub.sdk import StationHost, Unreachable, WebDevice, json_object

REQUEST_S = 2.5
PING_S = 10.0
LONGEST_FRAME = 256 * 1024
NOTIFICATIONS = ("NotifyStatus", "NotifyFullStatus")


class Client:
    """The device at whatever address it has now. Everything raises Unreachable when it does not answer properly."""

    def __init__(self, host: StationHost) -> None:
        self._device = WebDevice(host, REQUEST_S)
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def call(self, method: str, **params: int) -> Mapping[str, object]:
        """The result of a method."""
        status, body = await self._device.get(f"/rpc/{method}", {key: str(value) for key, value in params.items()})
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
        async with await self._device.open_socket("/rpc", PING_S, LONGEST_FRAME) as socket:
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


def asks_for_password() -> Unreachable:
    """What a locked device means."""
    return Unreachable(
        "it asks for a password", "switch authentication off in its web page: the hub cannot log in to a Shelly yet"
    )


def _dispatch(frame: Mapping[str, object], heard: Callable[[str, Mapping[str, object]], None]) -> None:
    error, params, source = frame.get("error"), frame.get("params"), frame.get("src")
    if isinstance(error, dict) and error.get("code") == 401:
        raise asks_for_password()
    if frame.get("method") in NOTIFICATIONS and isinstance(params, dict) and isinstance(source, str):
        heard(source, params)
