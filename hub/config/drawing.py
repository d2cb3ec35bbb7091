"""The drawing and the file behind it: adopting a device writes it into config.yaml first, and into the picture then."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from hub.config.document import composed, read
from hub.config.load import BYTE_ORDER_MARK, Loaded, load_text, text_of
from hub.config.problem import BadConfigFile, Level, Problem
from hub.config.schema import Config
from hub.config.splice import CannotSplice, inserted
from hub.config.wishes import Entry, entry_for
from hub.core.bus import Bus
from hub.core.state import Picture
from hub.devices.entries import StationEntry
from hub.model.candidate import Candidate, Kind
from hub.model.errors import Invalid, Refused
from hub.model.facts import DrawingChanged
from hub.model.ids import ChargerId, MeterId, StationId
from hub.model.site import Site
from hub.sdk.config import IntegrationConfig


class FileDrawing:
    """Answers the port `Drawing`, and is the one writer of `picture.site`.

    `entries` and `section` are for who runs the devices.
    """

    def __init__(self, loaded: Loaded, picture: Picture, bus: Bus) -> None:
        self._loaded = loaded
        self._picture = picture
        self._bus = bus
        self._writing = asyncio.Lock()

    @property
    def site(self) -> Site:
        """The drawing as it is now."""
        return self._loaded.site

    @property
    def config(self) -> Config:
        """The configuration as it was last read."""
        return self._loaded.config

    @property
    def entries(self) -> Mapping[StationId, StationEntry]:
        """One entry for each physical device of the drawing."""
        return self._loaded.entries

    def section(self, integration: str) -> IntegrationConfig:
        """The settings of a server integration."""
        return self._loaded.config.section(integration)

    def knows(self, station: StationId, connector: int | None = None) -> bool:
        """True when a meter or a charger (on this connector, if one is given) of the drawing names this station."""
        if any(meter.station == station for meter in self.site.meters.values()):
            return True
        mine = (charger for charger in self.site.chargers.values() if charger.station == station)
        return any(connector is None or charger.connector == connector for charger in mine)

    async def adopt(self, candidate: Candidate, wishes: Mapping[str, object]) -> ChargerId | MeterId:
        """Add a found device to the file, then to the picture. One adoption at a time.

        The file is read again first: what somebody wrote into it since the start is kept, and counts from now on.
        Raises Invalid for a wish that cannot be, Refused when the device is in already or the file cannot be written.
        """
        async with self._writing:
            try:
                entry, loaded = await asyncio.to_thread(_adopted, self._loaded, candidate, wishes)
            finally:
                composed.cache_clear()
            self._loaded = loaded
            self._picture.site = loaded.site
        self._bus.publish(DrawingChanged())
        return ChargerId(entry.id) if candidate.kind is Kind.CHARGER else MeterId(entry.id)


def _adopted(loaded: Loaded, candidate: Candidate, wishes: Mapping[str, object]) -> tuple[Entry, Loaded]:
    """The file with one entry more, checked before it is written."""
    path = loaded.path.resolve()
    before = _stamp(path)
    text = _readable(path)
    current = _now(text, loaded)
    entry = entry_for(candidate, wishes, current)
    fresh = _edited(text, entry, loaded.path)
    try:
        checked = load_text(fresh, loaded.path, loaded.manifests)
    except BadConfigFile as wrong:
        raise _not_possible(wrong.problems, entry) from wrong
    if _stamp(path) != before:
        raise Refused(f"{loaded.path} is being edited at this moment", "save it, then try again")
    _replace(path, fresh)
    return entry, checked


def _readable(path: Path) -> str:
    try:
        return text_of(path)
    except BadConfigFile as wrong:
        problem = wrong.problems[0]
        raise Refused(f"{path} {problem.message}", "put the file back; the hub goes on without it") from wrong


def _now(text: str, loaded: Loaded) -> Loaded:
    try:
        return load_text(text, loaded.path, loaded.manifests)
    except BadConfigFile as wrong:
        first = next(problem for problem in wrong.problems if problem.level is Level.ERROR)
        said = f"{loaded.path} was edited and has an error now: {first.where} {first.key} {first.message}"
        raise Refused(said, "repair it (evhub check-config), then adopt again") from wrong


def _edited(text: str, entry: Entry, path: Path) -> str:
    """The text with the new lines; checked to say what it said before, and the entry beside."""
    body = text.removeprefix(BYTE_ORDER_MARK)
    wanted = read(body).plain
    try:
        for place, value in entry.additions():
            wanted = _with(wanted, place, value)
            body = inserted(body, place, value)
        if read(body).plain != wanted:
            raise CannotSplice("the result reads differently")
    except CannotSplice as cannot:
        said = f"{path} is written in a way that cannot be added to safely ({cannot})"
        raise Refused(said, f"write it yourself: {entry.as_yaml()}") from cannot
    return text[: len(text) - len(text.removeprefix(BYTE_ORDER_MARK))] + body


def _with(plain: object, place: tuple[str, ...], value: object) -> dict[str, object]:
    """The plain values with one more."""
    here = dict(plain) if isinstance(plain, dict) else {}
    here[place[0]] = value if len(place) == 1 else _with(here.get(place[0]), place[1:], value)
    return here


def _not_possible(problems: tuple[Problem, ...], entry: Entry) -> Invalid:
    errors = [problem for problem in problems if problem.level is Level.ERROR]
    said = "; ".join(
        f"{problem.key.removeprefix(entry.key + '.')}: {problem.message.rstrip('.')}" for problem in errors
    )
    return Invalid(said, " ".join(problem.next for problem in errors))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_ino, now.st_size, now.st_mtime_ns


def _replace(path: Path, text: str) -> None:
    """Write a new file beside the old one, flush it to the disk, and put it in its place with the same rights."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        old = path.stat()
        with open(fresh, "wb", opener=_private) as file:
            file.write(text.encode("utf-8"))
            os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _flush_folder(path.parent)
    except OSError as failed:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise Refused(f"{path} cannot be written: {failed.strerror}", _next_step(failed)) from failed


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _next_step(failed: OSError) -> str:
    if failed.errno in {errno.EBUSY, errno.EXDEV}:
        return "the file is mounted by itself: mount its folder instead"
    if failed.errno == errno.ENOSPC:
        return "make room on the disk, then try again"
    return "give the hub's user the right to write the file and its folder, then try again"
