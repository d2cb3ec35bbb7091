"""What systemd wants to hear from a service of Type=notify: that it is ready, alive, ending, and how it is.

The protocol of sd_notify(3): datagrams of KEY=value lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, MutableMapping

from hub.core.tasks import Tasks

log = logging.getLogger(__name__)

TELL_EVERY_S = 10.0
NAMES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Systemd:
    """The line to systemd; without NOTIFY_SOCKET it says nothing. `status`: how the hub is, in a short line.

    Takes its variables out of the environment: the broker and other children are not the service.
    """

    def __init__(self, status: Callable[[], str], environ: MutableMapping[str, str] = os.environ) -> None:
        found = {name: environ.pop(name, "") for name in NAMES}
        self._status = status
        self._address = _address(found["NOTIFY_SOCKET"])
        ours = found["WATCHDOG_PID"] in ("", str(os.getpid()))
        self._alive_within_s = int(found["WATCHDOG_USEC"] or 0) / 1e6 if ours else 0.0
        self._hears = True
        self._tasks = Tasks("systemd")

    async def ready(self) -> None:
        """The start is done. From now on a sign of life from the event loop, at half of the time that is allowed."""
        self._say("READY=1", f"STATUS={self._status()}")
        if self._address is not None:
            self._tasks.keep("alive", self._stay_alive)

    async def stopping(self) -> None:
        """The end has begun."""
        await self._tasks.close()
        self._say("STOPPING=1")

    async def _stay_alive(self) -> None:
        words = ("WATCHDOG=1",) if self._alive_within_s else ()
        while True:
            self._say(*words, f"STATUS={self._status()}")
            await asyncio.sleep(self._alive_within_s / 2 or TELL_EVERY_S)

    def _say(self, *words: str) -> None:
        if self._address is None:
            return
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as line:
            line.setblocking(False)
            try:
                line.sendto("\n".join(words).encode(), self._address)
                self._hears = True
            except OSError as failed:  # its queue is full, or it is gone: nothing that the site depends on
                if self._hears:
                    log.warning("systemd does not take '%s': %s", words[0], failed)
                self._hears = False


def _address(name: str) -> str | None:
    """A path, or a name in the abstract namespace after `@`; None where there is no systemd (or one over vsock)."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None
