"""From entries of the journal to one message: what goes up, and a skip for each place that does not. Pure.

Places are consecutive inside an epoch, so that a gap always means loss: what the owner's filter keeps back, what was
thinned and what was pruned is said in ranges. What is missing at the end of an epoch that has ended is not said:
nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.core.entry import Entry, Position
from hub.core.shown import iso
from hub.operators.filter import Filter
from hub.wire.operator.facts import schema_of
from hub.wire.operator.messages import MOST_ITEMS, Event, Range, Skip

FILTERED, THINNED, PRUNED = "filtered", "thinned", "pruned"
ROUGHLY_AROUND = 250  # bytes of an event beside its data


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the journal: the next `entries` after `after`; with none, everything up to `head` is missing."""

    after: int
    entries: Sequence[Entry]
    head: int
    head_position: Position


@dataclass(frozen=True, slots=True)
class Known:
    """Why a number may be missing: up to `start` the owner sends nothing, up to `old` it may have been pruned."""

    start: int
    old: int


@dataclass(frozen=True, slots=True)
class Packed:
    """Items of one epoch, and the last number that they stand for."""

    epoch: str
    items: tuple[Event | Skip, ...]
    last: int
    events: int


def pack(stretch: Stretch, known: Known, filter: Filter, most_bytes: int) -> Packed | None:
    """As much of the stretch as fits into one message; None when nothing of it is to be said."""
    if not stretch.entries:
        return _only_missing(stretch, known)
    first = stretch.entries[0]
    packing = _Packing(first.no - first.position.seq, known, filter)
    packing.no = max(stretch.after, packing.base)
    for entry in stretch.entries:
        if entry.position.epoch != first.position.epoch or not packing.add(entry, most_bytes):
            break
    return packing.packed(first.position.epoch)


def _only_missing(stretch: Stretch, known: Known) -> Packed | None:
    base = stretch.head - stretch.head_position.seq
    packing = _Packing(base, known, None)
    packing.no = max(stretch.after, base)
    packing.skip_missing(stretch.head)
    return packing.packed(stretch.head_position.epoch)


@dataclass(slots=True)
class _Packing:
    """A message in the making. `no` is the last number that it stands for, `base` that before the epoch's first."""

    base: int
    known: Known
    filter: Filter | None
    no: int = 0
    size: int = 0
    events: int = 0
    items: list[Event | Skip] = field(default_factory=list)

    def add(self, entry: Entry, most_bytes: int) -> bool:
        """Put the entry in, with what is missing before it; False when it does not fit any more."""
        assert self.filter is not None
        size = len(entry.data) + ROUGHLY_AROUND
        if self.items and (len(self.items) > MOST_ITEMS - 4 or self.size + size > most_bytes):
            return False
        self.skip_missing(entry.no - 1)
        if entry.no <= self.known.start or not self.filter.takes(entry):
            self._skip(entry.no, FILTERED)
            return True
        self.items.append(_event(entry, self.filter))
        self.size += size
        self.events += 1
        self.no = entry.no
        return True

    def skip_missing(self, to: int) -> None:
        """Say why the numbers up to `to` are missing: filtered, then pruned, then thinned."""
        for until, reason in ((self.known.start, FILTERED), (self.known.old, PRUNED), (to, THINNED)):
            self._skip(min(until, to), reason)

    def _skip(self, to: int, reason: str) -> None:
        if to <= self.no:
            return
        first, last = self.no + 1 - self.base, to - self.base
        before = self.items[-1] if self.items else None
        if isinstance(before, Skip) and before.skip.reason == reason:
            first = self.items.pop().span[0]
        self.items.append(Skip(skip=Range(first=first, last=last, reason=reason)))
        self.no = to

    def packed(self, epoch: str) -> Packed | None:
        """What was put in; None when that is nothing."""
        return Packed(epoch, tuple(self.items), self.no, self.events) if self.items else None


def _event(entry: Entry, filter: Filter) -> Event:
    data = filter.data(entry)
    at = data.pop("at", None)
    return Event(
        seq=entry.position.seq,
        schema_id=schema_of(entry.name),
        at=at if isinstance(at, str) else iso(entry.written_at),  # when it happened; else when it was written down
        mono_ms=entry.mono_ms,
        boot_id=entry.boot_id,
        clock_synced=entry.clock_synced,
        keeping=entry.keeping.value,
        data=data,
    )
