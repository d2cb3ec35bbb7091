"""Listening on a TCP port, with an error that a person can act on when the port is taken."""

from __future__ import annotations

import errno
import ssl
from dataclasses import dataclass

from aiohttp import web

from hub.model.errors import BadConfig, PortInUse


@dataclass(frozen=True, slots=True)
class Listening:
    """A running HTTP listener; `port` is the real one when 0 was asked for."""

    runner: web.AppRunner
    bind: str
    port: int

    async def close(self) -> None:
        """Stop listening and end open requests."""
        await self.runner.cleanup()


async def listen(
    app: web.Application, bind: str, port: int, *, setting: str, tls: ssl.SSLContext | None = None
) -> Listening:
    """Serve `app` on `bind:port`. `setting` names the configuration key for the error (`web.port`)."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, bind, port, ssl_context=tls)
        await site.start()
    except OSError as failed:
        await runner.cleanup()
        raise _explained(failed, bind, port, setting) from failed
    addresses = runner.addresses
    return Listening(runner, bind, int(addresses[0][1]) if addresses else port)


def _explained(failed: OSError, bind: str, port: int, setting: str) -> PortInUse | BadConfig:
    if failed.errno == errno.EADDRINUSE:
        return PortInUse(
            f"port {port} on {bind} is used by another program",
            f"end that program (ss -ltnp 'sport = :{port}' names it), or set another {setting} in config.yaml",
        )
    if failed.errno == errno.EACCES:
        return PortInUse(f"port {port} needs more rights than this user has", f"set {setting} to 1024 or above")
    return BadConfig(f"cannot listen on {bind}:{port}: {failed.strerror}", f"check {setting} and its bind address")
