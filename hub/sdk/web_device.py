"""A device with a web server: asked over HTTP and heard over a WebSocket, at whatever address it has now.

Each request has its own connection: such devices have few sockets, and one kept alive would fail once after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import aiohttp
import orjson

from hub.model.errors import Unreachable
from hub.sdk.host import StationHost

CLOSED_WITHIN_S = 0.5


@dataclass(frozen=True, slots=True)
class WebDevice:
    """Everything raises Unreachable when no answer comes within `within_s`; `headers` go with each request."""

    host: StationHost
    within_s: float
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """HTTP status and body."""
        return await self._ask("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, object]) -> tuple[int, bytes]:
        """Send a JSON object; answers HTTP status and body."""
        return await self._ask("POST", path, body=body)

    async def open_socket(self, path: str, ping_s: float, longest_frame: int) -> aiohttp.ClientWebSocketResponse:
        """A WebSocket, to be used with `async with`. One that answers no ping for half of `ping_s` is closed."""
        try:
            async with asyncio.timeout(self.within_s):
                return await self.host.http.ws_connect(
                    self._url(path),
                    headers=self.headers,
                    heartbeat=ping_s,
                    max_msg_size=longest_frame,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSED_WITHIN_S),
                )
        except (aiohttp.ClientError, OSError) as failed:
            raise Unreachable(f"its WebSocket cannot be opened: {_words(failed)}") from failed

    async def _ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None
    ) -> tuple[int, bytes]:
        url, headers = self._url(path), {"Connection": "close", **self.headers}
        request = self.host.http.request(method, url, params=query, json=body, headers=headers, allow_redirects=False)
        try:
            async with asyncio.timeout(self.within_s), request as answer:
                return answer.status, await answer.read()
        except TimeoutError:
            raise Unreachable(f"{url} gives no answer within {self.within_s:g} s") from None
        except (aiohttp.ClientError, OSError) as failed:
            raise Unreachable(f"{url} does not answer: {_words(failed)}") from failed

    def _url(self, path: str) -> str:
        address = self.host.address()
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


def _words(failed: Exception) -> str:
    return str(failed) or type(failed).__name__
