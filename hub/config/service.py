"""The configuration while the hub runs: the file is read again when it was edited, and devices change by order.

Edits are noticed by looking at the file's stamp, not at events of the file system: those are lost on network drives and
in containers. An edit counts when the file has been the same for two looks, so that one which is written in two steps
is not read in between. What is wrong with it is said once, and shown until it is mended; the hub goes on with what it
had.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from hub.config.answers import Reloaded, Renamed, Replaced, Retired
from hub.config.drawing import FileDrawing
from hub.config.known import Known, known, told
from hub.config.plans import Newcomer, renaming, replacement, retirement
from hub.config.problem import BadConfigFile, Report
from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.documents import Documents
from hub.core.orders import Args, Caller, Orders, Result
from hub.core.ports import Present
from hub.core.tasks import Tasks
from hub.devices.config import ChargerConfig
from hub.model.errors import BadConfig, Invalid, NotFound, NotKept, Refused
from hub.model.facts import DrawingChanged, Fact
from hub.model.ids import StationId
from hub.model.person import DRAW, NAME

log = logging.getLogger(__name__)

DOCUMENT = "devices"
LOOK_S = 2.0
SETTLE_S = 0.2
SETTLE_TRIES = 20


class ReloadArgs(Args):
    """`config.reload` takes nothing."""


class DeviceArgs(Args):
    """One device of the drawing: the id of a charger or meter, or a station for all that it is."""

    device: str


class RenameArgs(DeviceArgs):
    """`device.rename`: what people call it; its id stays for ever."""

    name: str = Field(max_length=100)


class ReplaceArgs(DeviceArgs):
    """`device.replace`: the station that takes over. One that is not here is typed in: with `integration` or `host`."""

    station: str | None = Field(default=None, coerce_numbers_to_str=True)
    integration: str | None = None
    host: str | None = None
    port: int | None = None
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


@dataclass(slots=True)
class Parts:
    """What the configuration stands on."""

    bus: Bus
    orders: Orders
    clock: Clock
    documents: Documents


class Configuration:
    """Watches the file of the drawing, and serves the orders that change it."""

    def __init__(self, drawing: FileDrawing, parts: Parts, present: Present) -> None:
        self._drawing, self._present = drawing, present
        self._bus, self._orders, self._clock, self._documents = parts.bus, parts.orders, parts.clock, parts.documents
        self._tasks = Tasks("config")
        self._known = Known()
        self._told: str | None = None  # what was last said to be wrong

    async def start(self) -> None:
        """Tell what became of the devices since the last run, offer the orders and begin to watch."""
        self._known = known(await self._documents.load(DOCUMENT))
        await self._remember()
        self._bus.listen("config", (DrawingChanged,), self._redrawn)
        serve = self._orders.serve
        serve(
            "config.reload",
            ReloadArgs,
            self._reload,
            says="Read config.yaml again, as it is done when it was edited.",
            may=DRAW,
            gives=Reloaded,
        )
        serve(
            "device.rename",
            RenameArgs,
            self._rename,
            says="Give a charger or meter another name; its id stays.",
            may=NAME,
            gives=Renamed,
        )
        serve(
            "device.replace",
            ReplaceArgs,
            self._replace,
            says="Another station takes the place of one; all else stays.",
            may=DRAW,
            gives=Replaced,
        )
        serve(
            "device.retire",
            DeviceArgs,
            self._retire,
            says="Take a device out of the drawing; its history stays.",
            may=DRAW,
            gives=Retired,
        )
        self._tasks.keep("watch", self._watch)

    async def stop(self) -> None:
        """Watch no more."""
        await self._tasks.close()

    def state(self) -> dict[str, object]:
        """For the status document: what is wrong with the file now, and what waits for a restart."""
        trouble = self._drawing.trouble
        return {
            "file": str(self._drawing.loaded.path),
            "problems": 0 if trouble is None else Report(trouble.problems).errors,
            "needs_restart": list(self._drawing.waiting),
        }

    def reload_soon(self) -> None:
        """Read the file again, and let the log say what came of it."""
        self._tasks.once("reload", self._read_when_settled())

    # what became of the devices

    async def _redrawn(self, fact: Fact) -> None:
        await self._remember()

    async def _remember(self) -> None:
        """Tell what differs from the last look, in the commit that writes this one down: once, whatever happens."""
        fresh = self._known.after(self._drawing.site)
        self._drawing.retired = fresh.retired
        if fresh == self._known:
            return
        facts = list(told(self._known, fresh, self._clock.now()))
        try:
            await self._documents.save(DOCUMENT, fresh.to_json(), facts)
        except NotKept as failed:
            log.warning("the devices of the drawing are not written down; tried again at its next change: %s", failed)
        else:
            self._known = fresh

    # the file was edited

    async def _watch(self) -> None:
        before = self._drawing.seen
        while True:
            await self._clock.sleep(LOOK_S)
            now = self._drawing.stamp
            if now == before and now != self._drawing.seen:
                await self._read_and_say()
            before = now

    async def _read_when_settled(self) -> None:
        with suppress(Refused):  # else the watch reads it later
            await self._settled()
            await self._read_and_say()

    async def _read_and_say(self) -> None:
        with suppress(BadConfigFile):  # told already
            try:
                await self._read()
            except Refused as busy:
                log.debug("%s", busy)  # the next look finds another stamp

    async def _read(self) -> tuple[str, ...]:
        """Read the file; answers the keys that changed. What is wrong with it is logged once, and that it is mended."""
        try:
            changed = await self._drawing.reload()
        except BadConfigFile as wrong:
            if wrong.message != self._told:
                self._told = wrong.message
                log.error("the hub goes on as it is, since %s", wrong.message)
            raise
        path, waiting = self._drawing.loaded.path, self._drawing.waiting
        if self._told is not None:
            log.info("%s is in order again", path)
            self._told = None
        if changed:
            log.info("%s was read again; new is: %s", path, ", ".join(changed))
        for key in (key for key in changed if key in waiting):
            log.warning("%s needs a restart", key)
        return changed

    async def _settled(self) -> None:
        """Wait until nobody writes the file any more. Raises Refused."""
        for _ in range(SETTLE_TRIES):
            before = self._drawing.stamp
            await self._clock.sleep(SETTLE_S)
            if self._drawing.stamp == before:
                return
        raise Refused(f"{self._drawing.loaded.path} is being edited at this moment", "save it, then try again")

    # orders

    async def _reload(self, args: ReloadArgs, caller: Caller) -> Result:
        await self._settled()
        try:
            changed = await self._read()
        except BadConfigFile as wrong:
            step = "repair the file; until then the hub goes on with what it had"
            raise BadConfig(wrong.message, step) from wrong
        waiting = list(self._drawing.waiting)
        return {"file": str(self._drawing.loaded.path), "changed": list(changed), "needs_restart": waiting}

    async def _rename(self, args: RenameArgs, caller: Caller) -> Result:
        return (await self._drawing.change(partial(renaming, args.device, args.name))).answer

    async def _retire(self, args: DeviceArgs, caller: Caller) -> Result:
        return (await self._drawing.change(partial(retirement, args.device))).answer

    async def _replace(self, args: ReplaceArgs, caller: Caller) -> Result:
        return (await self._drawing.change(partial(replacement, args.device, self._newcomer(args)))).answer

    def _newcomer(self, args: ReplaceArgs) -> Newcomer:
        """The device that takes over: found on the network, or typed in with what is needed to speak to it."""
        if args.station is None and args.host is None:
            raise Invalid("station: which device takes over?", "say its station=…, or host=… where it is known by that")
        if double := sorted(args.options.keys() & ChargerConfig.model_fields.keys()):
            raise Invalid(f"options: {', '.join(double)} is no option of the integration", "leave it out")
        here = None if args.station is None else self._present.here(StationId(args.station))
        if here is None and args.integration is None and args.host is None:
            step = "look at its power and its network; or say its integration=… too, and it may come later"
            raise NotFound(f"no device '{args.station}' was found", step)
        return Newcomer(
            station=args.station if here is None else here.station,
            integration=args.integration or (None if here is None else here.integration),
            host=args.host,
            port=args.port,
            options=args.options,
            here=here,
        )
