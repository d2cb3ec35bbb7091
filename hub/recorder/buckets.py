"""Five minutes out of samples and changes, hours out of five minutes. Pure.

The same rows always make the same statistics: a bucket that is counted again replaces itself, and none counts twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.recorder.codes import packed, unpacked
from hub.recorder.register import Register
from hub.recorder.sample import BUCKET_S, NOTHING, UNKNOWN, Change, Doing, Sample

HOUR_S = 3600
QUANTITIES = 4  # power and the three lines, the first of a sample's values


class Spread(NamedTuple):
    """Least, mean and most of one quantity, in the scale of a sample. The mean is weighted by time."""

    low: int | None = None
    mean: int | None = None
    high: int | None = None


class Stat(NamedTuple):
    """What happened in one bucket: a row of the tables five_minutes and hours.

    `known_s`: for so many seconds the device said something. `energy` is what flowed, `register` where the register
    stood at the end, both in Wh. `states` and `limiters` are seconds by code, packed.
    """

    subject: int
    at: int
    known_s: int = 0
    power: Spread = Spread()
    l1: Spread = Spread()
    l2: Spread = Spread()
    l3: Spread = Spread()
    energy: int | None = None
    export: int | None = None
    register: int | None = None
    export_register: int | None = None
    states: str | None = None
    limiters: str | None = None


class Base(NamedTuple):
    """Where the registers of a subject stood at the end of an earlier bucket."""

    at: int
    register: int | None
    export_register: int | None


@dataclass(slots=True)
class Range:
    """Least, mean and most of one quantity, weighted by time."""

    low: int | None = None
    high: int | None = None
    total: float = 0.0
    seconds: float = 0.0

    def add(self, spread: Spread, seconds: float) -> None:
        """It was so for so long."""
        low, mean, high = spread
        if low is None or mean is None or high is None:
            return
        self.low = low if self.low is None or low < self.low else self.low
        self.high = high if self.high is None or high > self.high else self.high
        self.total += mean * seconds
        self.seconds += seconds

    @property
    def spread(self) -> Spread:
        """Least, mean, most. What had no length has no mean but its own value."""
        if self.low is None or not self.seconds:
            return Spread(self.low, self.low, self.high)
        return Spread(self.low, round(self.total / self.seconds), self.high)


@dataclass(slots=True)
class Bucket:
    """What is known of one subject in one bucket, before it is counted. Rows in the order of time."""

    samples: list[Sample] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    doing: Doing = UNKNOWN  # when the bucket began
    base: Base | None = None
    most_w: float = 0.0


def counted(subject: int, at: int, until: int, bucket: Bucket) -> Stat:
    """The statistics of a bucket that begins `at`, counted up to `until`."""
    ranges = [Range() for _ in range(QUANTITIES)]
    known_s = 0
    for sample, held_s in _held(bucket.samples, until):
        if sample.values != NOTHING:
            known_s += held_s
        for range_, value in zip(ranges, sample.values, strict=False):
            range_.add(Spread(value, value, value), held_s)
    base = bucket.base or Base(at, None, None)
    energy, register = _flowed(((s.at, s.values.energy) for s in bucket.samples), base.register, base.at, bucket.most_w)
    export, export_register = _flowed(
        ((s.at, s.values.export) for s in bucket.samples), base.export_register, base.at, bucket.most_w
    )
    power, l1, l2, l3 = (range_.spread for range_ in ranges)
    flowed = (energy, export, register, export_register)
    return Stat(subject, at, known_s, power, l1, l2, l3, *flowed, *_spent(at, until, bucket))


def _held(samples: Sequence[Sample], until: int) -> Iterator[tuple[Sample, int]]:
    """Each sample with the seconds that it holds: until the next one, or the end."""
    for place, sample in enumerate(samples):
        ends = samples[place + 1].at if place + 1 < len(samples) else until
        yield sample, max(0, min(ends, until) - sample.at)


def _flowed(
    said: Iterable[tuple[int, int | None]], base: int | None, base_at: int, most_w: float
) -> tuple[int | None, int | None]:
    """Energy that flowed, and where the register stands. None where it said nothing and never did."""
    register, flowed, spoke = Register(most_w, base, base_at), 0, False
    for at, value in said:
        if value is not None:
            flowed += register.moved(value, at)
            spoke = True
    return (flowed if spoke else None), register.value


def _spent(at: int, until: int, bucket: Bucket) -> tuple[str | None, str | None]:
    """Seconds by state and by limiter."""
    states: Counter[int] = Counter()
    limiters: Counter[int] = Counter()
    doing, since = bucket.doing, at
    for change in [*bucket.changes, Change(until, 0, UNKNOWN)]:
        spent_s = max(0, min(change.at, until) - since)
        if doing.state is not None:
            states[doing.state] += spent_s
        if doing.limiter is not None:
            limiters[doing.limiter] += spent_s
        doing, since = change.doing, change.at
    return packed(states), packed(limiters)


def merged(at: int, stats: Sequence[Stat]) -> Stat:
    """One longer bucket out of shorter ones of the same subject, in the order of time. At least one."""
    ranges = [Range() for _ in range(QUANTITIES)]
    states: Counter[int] = Counter()
    limiters: Counter[int] = Counter()
    for stat in stats:
        for range_, spread in zip(ranges, (stat.power, stat.l1, stat.l2, stat.l3), strict=True):
            range_.add(spread, stat.known_s)
        states.update(unpacked(stat.states))
        limiters.update(unpacked(stat.limiters))
    power, l1, l2, l3 = (range_.spread for range_ in ranges)
    flowed = (
        _sum(stat.energy for stat in stats),
        _sum(stat.export for stat in stats),
        _last(stat.register for stat in stats),
        _last(stat.export_register for stat in stats),
    )
    known_s = sum(stat.known_s for stat in stats)
    return Stat(stats[0].subject, at, known_s, power, l1, l2, l3, *flowed, packed(states), packed(limiters))


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _last(values: Iterable[int | None]) -> int | None:
    found = None
    for value in values:
        found = found if value is None else value
    return found


def start_of_hour(at: int) -> int:
    """The hour that a moment belongs to."""
    return at - at % HOUR_S


def end_of(bucket: int) -> int:
    """When five minutes are over."""
    return bucket + BUCKET_S
