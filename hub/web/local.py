"""The hub's own door for its command line: a socket in the data folder that only this user (or root) can open.

Who may open the file may give orders; nothing of it is on the network. `POST /orders/<name>` takes the same envelope as
MQTT and answers the same reply; `GET /status` answers what `/api/v1/status` does.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pwd
import socket
import struct
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp
import orjson
from aiohttp import web

from hub.core.orders import Caller, Orders, envelope
from hub.model.errors import EvhubError, Invalid, NotFound, PortInUse, Unreachable
from hub.model.person import EVERYBODY

LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes
Status = Callable[[], dict[str, object]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def socket_path(data: Path) -> Path:
    """Where the socket of the hub with this data folder is; a short path is made up where the folder's is too long."""
    path = data.resolve() / "evhub.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(os.environ.get("XDG_RUNTIME_DIR", tempfile.gettempdir())) / f"evhub-{name}.sock"


class LocalDoor:
    """Serves the socket."""

    def __init__(self, data: Path, orders: Orders, status: Status) -> None:
        self._data, self._path = data, socket_path(data)
        self._orders, self._status = orders, status
        self._runner: web.AppRunner | None = None
        self._rooms: dict[str, Handler] = {}

    def offer(self, path: str, handler: Handler) -> None:
        """Answer GET on this path too, from the next start on: what is too long for an order's reply."""
        self._rooms[path] = handler

    async def start(self) -> None:
        """Listen. PortInUse when another hub runs on the same data folder; a dead one's socket is replaced."""
        if self._path.exists() and await _answers(self._path):
            raise PortInUse(f"another evhub runs on {self._data}", "stop it first, or give --data another folder")
        self._path.unlink(missing_ok=True)
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_post("/orders/{name}", self._order)
        app.router.add_get("/orders", self._catalogue)
        app.router.add_get("/status", self._say_status)
        for path, handler in self._rooms.items():
            app.router.add_get(path, handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        before = os.umask(0o177)
        try:
            await web.UnixSite(self._runner, str(self._path)).start()
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Stop listening and take the socket away."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._path.unlink(missing_ok=True)

    async def _order(self, request: web.Request) -> web.Response:
        try:
            order = envelope(request.match_info["name"], orjson.loads(await request.read()))
        except orjson.JSONDecodeError as wrong:
            return _json({"ok": False, "error": _error(Invalid(f"the order is not JSON: {wrong}"))})
        except EvhubError as wrong:
            return _json({"ok": False, "error": _error(wrong)})
        reply = await self._orders.answer(order, _local(request))
        return _json({"id": order.id, **reply.to_json()})

    async def _catalogue(self, request: web.Request) -> web.Response:
        served = self._orders.catalogue
        return _json({n: {"says": s.says, "args": list(s.args.model_fields)} for n, s in sorted(served.items())})

    async def _say_status(self, request: web.Request) -> web.Response:
        return _json(self._status())


def _local(request: web.Request) -> Caller:
    """Whoever may open the socket may do everything; the kernel knows which user of this machine it is."""
    sock = request.transport.get_extra_info("socket") if request.transport is not None else None
    if sock is None:
        return Caller("local user", "cli", EVERYBODY)
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        return Caller(pwd.getpwuid(uid).pw_name, "cli", EVERYBODY)
    except KeyError:
        return Caller(f"uid {uid}", "cli", EVERYBODY)


def _error(why: EvhubError) -> dict[str, object]:
    return {"code": why.code, "message": why.message, "next": why.next}


def _json(document: object) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json")


async def _answers(path: Path) -> bool:
    try:
        await ask(path, "GET", "/status")
    except Unreachable:
        return False
    return True


async def ask(path: Path, method: str, url: str, document: object = None) -> dict[str, object]:
    """One request to the hub behind the socket; Unreachable when none answers there."""
    connector = aiohttp.UnixConnector(str(path))
    body = None if document is None else orjson.dumps(document)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session,
            session.request(method, f"http://hub{url}", data=body) as response,
        ):
            answer: dict[str, object] = orjson.loads(await response.read())
            return answer
    except orjson.JSONDecodeError as failed:
        raise Unreachable(f"what answers at {path} does not speak as this evhub does", "restart the hub") from failed
    except (aiohttp.ClientError, OSError, TimeoutError) as failed:
        raise _silent(path, failed) from failed


async def stream(path: Path, url: str, query: Mapping[str, str]) -> AsyncIterator[bytes]:
    """A long answer of the hub behind the socket, as it comes. Raises Unreachable, or the error that it answers."""
    connector = aiohttp.UnixConnector(str(path))
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.get(f"http://hub{url}", params=query) as response,
        ):
            if response.status != web.HTTPOk.status_code:
                raise _said(await response.read())
            async for part in response.content.iter_any():
                yield part
    except (aiohttp.ClientError, OSError, TimeoutError) as failed:
        raise _silent(path, failed) from failed


def _said(body: bytes) -> EvhubError:
    """The error that the hub answered."""
    try:
        error = orjson.loads(body)["error"]
        kind = next(k for k in (Invalid, NotFound, Unreachable) if k.code == error["code"])
        return kind(error["message"], error["next"])
    except (orjson.JSONDecodeError, KeyError, TypeError, StopIteration):
        return Unreachable(f"the hub answered: {body[:200].decode(errors='replace')}", "look at its log")


def _silent(path: Path, failed: Exception) -> Unreachable:
    why = getattr(failed, "strerror", None) or type(failed).__name__
    if isinstance(failed, OSError) and failed.errno == errno.EACCES:
        return Unreachable(f"{path} is not open to this user", "ask as the user that the hub runs as, or as root")
    return Unreachable(
        f"no evhub answers at {path} ({why})", "start it with 'evhub run', or name its data folder with --data"
    )
