"""The hub's own log over its local door: the latest lines, and those that come, as one JSON object a line."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Literal

import orjson
from aiohttp import web
from pydantic import Field

from hub.core.clock import Clock
from hub.core.log import LEVELS, MOST_KEPT, Entry, Recent
from hub.core.orders import Args, checked
from hub.model.errors import EvhubError
from hub.web.routes import failed

LOOK_S = 0.25
ALIVE_S = 15.0  # a line break as often, so that a listener knows that nothing is to be heard


class Wanted(Args):
    """Which lines: the last so many, from a level on, of some rooms; and whether those that come are wanted too."""

    lines: int = Field(default=200, ge=0, le=MOST_KEPT)
    level: Literal["debug", "info", "warning", "error", "critical"] = "debug"
    room: str = ""  # several with commas
    follow: bool = False

    def takes(self, entry: Entry) -> bool:
        """True for a line that is asked for."""
        loud = LEVELS.index(entry["level"]) >= LEVELS.index(self.level) if entry["level"] in LEVELS else True
        return loud and (not self.room or entry["room"] in self.room.split(","))


class Tail:
    """Keeps the latest lines of this process while the hub runs, and answers GET on the local door."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._recent = clock, Recent()

    async def start(self) -> None:
        """Listen to every logger."""
        logging.getLogger().addHandler(self._recent)

    async def stop(self) -> None:
        """Listen no longer."""
        logging.getLogger().removeHandler(self._recent)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The lines that there are; then, when asked to follow, each that comes, until the listener goes."""
        try:
            wanted = checked(Wanted, dict(request.query))
        except EvhubError as wrong:
            return failed(wrong)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
        await response.prepare(request)
        kept = self._recent.after(0)
        chosen = [entry for _, entry in kept if wanted.takes(entry)]
        await response.write(_lines(chosen[max(0, len(chosen) - wanted.lines) :]))
        if wanted.follow:
            await self._follow(response, wanted, kept[-1][0] if kept else 0)
        return response

    async def _follow(self, response: web.StreamResponse, wanted: Wanted, last: int) -> None:
        silent_s = 0.0
        while True:
            await self._clock.sleep(LOOK_S)
            fresh = self._recent.after(last)
            last = fresh[-1][0] if fresh else last
            news = _lines(entry for _, entry in fresh if wanted.takes(entry))
            silent_s = 0.0 if news else silent_s + LOOK_S
            if news or silent_s >= ALIVE_S:
                silent_s = 0.0
                await response.write(news or b"\n")


def _lines(entries: Iterable[Entry]) -> bytes:
    return b"".join(orjson.dumps(entry) + b"\n" for entry in entries)
