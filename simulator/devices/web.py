"""The web server inside a device: it can be cut off the network and come back, fall silent, or move to another port."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from aiohttp import WSMsgType, web

from simulator.devices.base import Fault, UnsupportedFault

SEND_WITHIN_S = 1.0  # a client that does not read for so long is dropped

Step = Callable[[], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Heard = Callable[[web.WebSocketResponse, str], Awaitable[None]]


class Server:
    """One listening port. It stays the device's own while the device is cut off, so that it can return to it."""

    def __init__(self, app: web.Application, host: str) -> None:
        self.host = host
        self.port = 0
        self._heard = asyncio.Event()
        self._heard.set()
        self._cuts = 0
        self._reserved: socket.socket | None = None
        self._site: web.TCPSite | None = None
        app.middlewares.insert(0, self._hear)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)

    @property
    def silent(self) -> bool:
        """It takes connections and requests and answers none."""
        return not self._heard.is_set()

    async def open(self) -> Self:
        """Listen on a free port of the host."""
        await self._runner.setup()
        await self._take_port()
        await self._listen()
        return self

    async def cut(self) -> None:
        """Refuse connections and drop those that there are. As many `restore` as `cut` bring it back."""
        self._cuts += 1
        await self._refuse()

    async def restore(self) -> None:
        """Take connections again, on the same port."""
        self._cuts -= 1
        if self._cuts == 0:
            await self._listen()

    async def hush(self) -> None:
        """Answer nothing from now on."""
        self._heard.clear()

    async def speak(self) -> None:
        """Answer again; who still waits is answered late."""
        self._heard.set()

    async def move(self, host: str | None = None) -> None:
        """Take another port, and another address when one is given, as after a new DHCP lease."""
        await self._refuse()
        self.host = host or self.host
        await self._take_port()
        if self._cuts == 0:
            await self._listen()

    async def close(self) -> None:
        """Drop everything and give the port back."""
        await self._refuse()
        await self._runner.cleanup()
        if self._reserved is not None:
            self._reserved.close()

    async def _take_port(self) -> None:
        # A second socket that never listens keeps the port from anyone who asks the kernel for a free one.
        if self._reserved is not None:
            self._reserved.close()
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind((self.host, 0))
        self.port = self._reserved.getsockname()[1]

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, self.host, self.port, reuse_port=True)
        await self._site.start()

    async def _refuse(self) -> None:
        site, self._site = self._site, None
        if site is not None:
            await site.stop()
        if self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.abort()

    @web.middleware
    async def _hear(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        await self._heard.wait()
        return await handler(request)


class Sockets:
    """The WebSocket clients of a device. What it cannot send in time costs the client its connection."""

    def __init__(self, server: Server) -> None:
        self.clients: set[web.WebSocketResponse] = set()
        self._server = server

    async def serve(self, request: web.Request, opened: Heard, heard: Heard) -> web.WebSocketResponse:
        """Talk to one client until it goes: `opened` once (with ""), then `heard` for each text frame."""
        # pings by hand: a silent device sends no pong
        client = web.WebSocketResponse(autoping=False, compress=False, timeout=SEND_WITHIN_S)
        await client.prepare(request)
        self.clients.add(client)
        try:
            await opened(client, "")
            async for message in client:
                if self._server.silent:
                    continue
                if message.type is WSMsgType.PING:
                    await client.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    await heard(client, message.data)
        except ConnectionError:
            pass  # it left while it was being answered
        finally:
            self.clients.discard(client)
        return client

    async def send(self, client: web.WebSocketResponse, frame: Mapping[str, object]) -> None:
        """Send one JSON frame to one client, nothing while the device is silent."""
        if self._server.silent:
            return
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await client.send_json(frame)
        except (ConnectionError, TimeoutError):
            self.clients.discard(client)
            await client.close()

    async def send_all(self, frame: Mapping[str, object]) -> None:
        """Send one JSON frame to every client."""
        for client in tuple(self.clients):
            await self.send(client, frame)


class Lapses:
    """Faults that end by themselves. One that is asked for again while it lasts only ends later."""

    def __init__(self, habits: Mapping[Fault, tuple[Step, Step]], pace: float) -> None:
        self._habits = habits  # how each begins and ends
        self._pace = pace
        self._ends: dict[Fault, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def begin(self, fault: Fault, for_s: float) -> None:
        """Begin, and end after `for_s` seconds of the world's time. Raises UnsupportedFault."""
        if fault not in self._habits:
            raise UnsupportedFault(f"this device cannot be {fault.value}; it can be {', '.join(self._habits)}")
        begin, end = self._habits[fault]
        lasting = self._ends.pop(fault, None)
        if lasting is None:
            await begin()
        else:
            lasting.cancel()
        self._ends[fault] = asyncio.create_task(self._end(fault, for_s / self._pace, end))
        self._ending.add(self._ends[fault])
        self._ends[fault].add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Forget all ends."""
        self._ends.clear()
        await cancel(*self._ending)

    async def _end(self, fault: Fault, after_s: float, end: Step) -> None:
        await asyncio.sleep(after_s)
        del self._ends[fault]
        await end()


async def cancel(*tasks: asyncio.Task[None] | None) -> None:
    """Cancel these tasks, wait for their end, and raise what one of them died of."""
    known = [task for task in tasks if task is not None]
    for task in known:
        task.cancel()
    for outcome in await asyncio.gather(*known, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def json_object(text: str) -> Mapping[str, object] | None:
    """The JSON object in a request; None when it is none."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
