"""The drawing and the file behind it: every change is in config.yaml first, and in the live picture then.

The file belongs to people: it may be edited at any moment. What it says counts when it is read again; while it has an
error, or is gone, the hub goes on with what it had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from hub.config.changes import differing, needing_restart
from hub.config.document import composed
from hub.config.edit import Plan, edited
from hub.config.file import Stamp, put, stamp_of
from hub.config.load import Loaded, load_text, text_of
from hub.config.problem import BadConfigFile, Level, Problem
from hub.config.schema import Config
from hub.config.splice import CannotSplice
from hub.config.wishes import adoption
from hub.core.bus import Bus
from hub.core.state import Picture
from hub.devices.entries import StationEntry
from hub.model.candidate import Candidate, Kind
from hub.model.errors import Invalid, Refused
from hub.model.facts import DrawingChanged
from hub.model.ids import ChargerId, MeterId, StationId
from hub.model.site import Site
from hub.sdk.config import IntegrationConfig

Settings = Callable[[Config], None]


class FileDrawing:
    """Answers the port `Drawing`, and is the one writer of `picture.site`.

    `entries` and `section` are for who runs the devices.
    """

    def __init__(self, loaded: Loaded, picture: Picture, bus: Bus) -> None:
        self._loaded = loaded
        self._started = loaded.config
        self._picture = picture
        self._bus = bus
        self._settings: list[Settings] = []
        self._writing = asyncio.Lock()
        self.seen = loaded.stamp
        self.trouble: BadConfigFile | None = None
        self.retired: frozenset[str] = frozenset()  # ids with a history: no newcomer gets one of them by itself

    @property
    def loaded(self) -> Loaded:
        """The configuration that counts now."""
        return self._loaded

    @property
    def site(self) -> Site:
        """The drawing as it is now."""
        return self._loaded.site

    @property
    def entries(self) -> Mapping[StationId, StationEntry]:
        """One entry for each physical device of the drawing."""
        return self._loaded.entries

    @property
    def stamp(self) -> Stamp | None:
        """The state of the file on the disk; `seen` is the one that was read last, whatever was in it."""
        return stamp_of(self._loaded.path)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The keys that say something new, and count from the next start."""
        return needing_restart(self._started, self._loaded.config)

    def section(self, integration: str) -> IntegrationConfig:
        """The settings of a server integration."""
        return self._loaded.config.section(integration)

    def knows(self, station: StationId, connector: int | None = None) -> bool:
        """True when a meter or a charger (on this connector, if one is given) of the drawing names this station."""
        if any(meter.station == station for meter in self.site.meters.values()):
            return True
        mine = (charger for charger in self.site.chargers.values() if charger.station == station)
        return any(connector is None or charger.connector == connector for charger in mine)

    def on_settings(self, call: Settings) -> None:
        """Call this with every new configuration, before the new drawing is told."""
        self._settings.append(call)

    async def adopt(self, candidate: Candidate, wishes: Mapping[str, object]) -> ChargerId | MeterId:
        """Add a found device to the file, then to the picture.

        Raises Invalid for a wish that cannot be, Refused when the device is in already or the file cannot be written.
        """
        plan = await self.change(lambda now: adoption(candidate, wishes, now, self.retired))
        id = plan.about.partition(".")[2]
        return ChargerId(id) if candidate.kind is Kind.CHARGER else MeterId(id)

    async def change(self, plan_for: Callable[[Loaded], Plan]) -> Plan:
        """Write a change into the file, then take the file. One at a time.

        The file is read again first: what somebody wrote into it since is kept, and counts from now on. `plan_for` gets
        that and may raise. Raises Invalid where the result would be no configuration, else Refused; then the file is
        as it was.
        """
        async with self._writing:
            try:
                plan, loaded = await asyncio.to_thread(_changed, self._loaded, plan_for)
            finally:
                composed.cache_clear()
            self._take(loaded)
        return plan

    async def reload(self) -> tuple[str, ...]:
        """Take the file as it is now; answers the keys that changed.

        Raises BadConfigFile for a file with errors, Refused for one that is being written; then all stays as it is.
        """
        async with self._writing:
            self.seen = self.stamp
            try:
                loaded = await asyncio.to_thread(_now, self._loaded)
            except BadConfigFile as wrong:
                self.trouble = wrong
                raise
            finally:
                composed.cache_clear()
            return self._take(loaded)

    def _take(self, loaded: Loaded) -> tuple[str, ...]:
        """From now on this counts: settings first, then the drawing, and everybody is told."""
        before, self._loaded = self._loaded, loaded
        self.seen, self.trouble = loaded.stamp, None
        changed = tuple(differing(before.config, loaded.config))
        if changed:
            self._picture.site = loaded.site
            for call in self._settings:
                call(loaded.config)
            self._bus.publish(DrawingChanged())
        return changed


def _now(loaded: Loaded) -> Loaded:
    """The file as it is on the disk. Raises BadConfigFile; Refused when somebody writes at the same moment."""
    stamp = stamp_of(loaded.path)
    fresh = load_text(text_of(loaded.path), loaded.path, loaded.manifests)
    _refuse_moved(loaded, stamp)
    return replace(fresh, stamp=stamp)


def _changed(loaded: Loaded, plan_for: Callable[[Loaded], Plan]) -> tuple[Plan, Loaded]:
    """The file with a change in it, checked before it is written."""
    path, stamp = loaded.path, stamp_of(loaded.path)
    text = _readable(loaded)
    plan = plan_for(_in_order(text, loaded))
    try:
        fresh = edited(text, plan)
    except CannotSplice as cannot:
        said = f"{path} is written in a way that cannot be changed safely ({cannot})"
        raise Refused(said, f"write it yourself: {plan.by_hand}") from cannot
    try:
        checked = load_text(fresh, path, loaded.manifests)
    except BadConfigFile as wrong:
        raise _not_possible(wrong.problems, plan.about) from wrong
    _refuse_moved(loaded, stamp)
    return plan, replace(checked, stamp=put(path, fresh))


def _refuse_moved(loaded: Loaded, stamp: Stamp | None) -> None:
    if stamp_of(loaded.path) != stamp:
        raise Refused(f"{loaded.path} is being edited at this moment", "save it, then try again")


def _readable(loaded: Loaded) -> str:
    try:
        return text_of(loaded.path)
    except BadConfigFile as wrong:
        problem = wrong.problems[0]
        raise Refused(f"{loaded.path} {problem.message}", "put the file back; the hub goes on without it") from wrong


def _in_order(text: str, loaded: Loaded) -> Loaded:
    try:
        return load_text(text, loaded.path, loaded.manifests)
    except BadConfigFile as wrong:
        first = next(problem for problem in wrong.problems if problem.level is Level.ERROR)
        said = f"{loaded.path} was edited and has an error now: {first.where} {first.key} {first.message}"
        raise Refused(said, "repair it (evhub check-config), then try again") from wrong


def _not_possible(problems: tuple[Problem, ...], about: str) -> Invalid:
    errors = [problem for problem in problems if problem.level is Level.ERROR]
    said = "; ".join(f"{problem.key.removeprefix(f'{about}.')}: {problem.message.rstrip('.')}" for problem in errors)
    return Invalid(said, " ".join(problem.next for problem in errors))
