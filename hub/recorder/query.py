"""What a question asks for and how its answer looks: the grain, the columns, a row for each point. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from hub.model.errors import Invalid
from hub.recorder.buckets import HOUR_S, Stat, merged
from hub.recorder.codes import LIMITER_WORDS, LIMITERS, STATE_WORDS, STATES, unpacked
from hub.recorder.config import RecorderConfig
from hub.recorder.sample import ANEW, BUCKET_S, NOTHING, Change, Doing, Kind, Sample, Values
from hub.recorder.times import Period, stretches

MOST_POINTS = 5_000
DAY_S = 86_400
WHAT = ("power", "current", "energy", "status", "limits")
USUAL = ("power", "current", "energy")
LINES = ("l1", "l2", "l3")

Cell = str | float | None


class Every(StrEnum):
    """How finely an answer is drawn."""

    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"


LENGTH_S = {Every.RAW: 1, Every.FIVE_MINUTES: BUCKET_S, Every.HOUR: HOUR_S, Every.DAY: DAY_S}
COARSER = {Every.RAW: Every.FIVE_MINUTES, Every.FIVE_MINUTES: Every.HOUR, Every.HOUR: Every.DAY}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, checked. Seconds since 1970; `until` is not included."""

    subject: int
    kind: Kind
    name: str
    what: tuple[str, ...]
    at: int
    until: int
    every: Every
    zone: tzinfo


class Point(NamedTuple):
    """What was measured and done from this second on."""

    at: int
    values: Values
    doing: Doing


@dataclass(frozen=True, slots=True)
class Words:
    """Names behind the numbers of a point: sentences and circuits."""

    texts: Mapping[int, str]
    circuits: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer; the unit is in its name."""

    name: str
    what: str
    of_stat: Callable[[Stat], Cell] | None = None
    of_point: Callable[[Point, Words], Cell] | None = None


def wanted(text: str | None) -> tuple[str, ...]:
    """`power,limits` as a tuple. Raises Invalid."""
    if not text:
        return USUAL
    asked = WHAT if text == "all" else tuple(word.strip() for word in text.split(","))
    if unknown := [word for word in asked if word not in WHAT]:
        raise Invalid(f"'{unknown[0]}' is nothing that is kept", f"ask for {', '.join(WHAT)}, or all")
    return asked


def usual_grain(at: int, until: int) -> Every:
    """Fine enough to see something, few enough points to look at."""
    days = (until - at) / DAY_S
    return Every.FIVE_MINUTES if days <= 3 else Every.HOUR if days <= 60 else Every.DAY


def fitting(every: Every, at: int, until: int) -> Every:
    """The grain, or the next coarser ones until the points are few enough. Raw ones are counted when they are read."""
    while every is not Every.RAW and (until - at) / LENGTH_S[every] > MOST_POINTS:
        if every not in COARSER:
            raise Invalid("that is too long a time for one answer", f"ask for at most {MOST_POINTS} days")
        every = COARSER[every]
    return every


def aligned(question: Question) -> Question:
    """The question from the beginning of the five minutes or the hour in which it begins."""
    length_s = LENGTH_S[Every.HOUR if question.every is Every.DAY else question.every]
    return replace(question, at=question.at - question.at % length_s)


def kept_since(every: Every, now: int, config: RecorderConfig) -> int:
    """The oldest moment of which this grain is still kept."""
    days = {
        Every.RAW: config.raw_hours / 24,
        Every.FIVE_MINUTES: config.five_minute_days,
        Every.HOUR: config.hourly_years * 366,
        Every.DAY: config.hourly_years * 366,
    }
    return int(now - days[every] * DAY_S)


# columns


def columns(question: Question) -> list[Column]:
    """The columns that the question's answer has beside the time."""
    return [
        column
        for column in _all_columns(question.kind)
        if column.what in (*question.what, "")
        and (column.of_point if question.every is Every.RAW else column.of_stat) is not None
    ]


def _all_columns(kind: Kind) -> Iterator[Column]:
    yield Column("known_s", "", of_stat=attrgetter("known_s"))
    yield from _range("power", "w", "power", 1)
    for line in LINES:
        yield from _range(f"current_{line}", "a", line, 100)
    if kind is not Kind.CIRCUIT:
        yield Column("energy_wh", "energy", of_stat=attrgetter("energy"))
        yield Column("register_wh", "energy", of_stat=_register("register"), of_point=_stood("energy"))
    if kind is Kind.METER:
        yield Column("export_wh", "energy", of_stat=attrgetter("export"))
        yield Column("export_register_wh", "energy", of_stat=_register("export_register"), of_point=_stood("export"))
    if kind is Kind.CHARGER:
        yield from _doing_columns()


def _range(name: str, unit: str, source: str, scale: int) -> Iterator[Column]:
    of_point = _value(source, scale)
    what = "power" if source == "power" else "current"
    yield Column(f"{name}_{unit}", what, _scaled(f"{source}.mean", scale), of_point)
    yield Column(f"{name}_min_{unit}", what, _scaled(f"{source}.low", scale))
    yield Column(f"{name}_max_{unit}", what, _scaled(f"{source}.high", scale))


def _doing_columns() -> Iterator[Column]:
    yield Column("offered_a", "current", of_point=_value("offered", 10))
    yield Column("status", "status", of_point=lambda p, w: STATE_WORDS.get(p.doing.state or 0))
    for word, code in STATES.items():
        yield Column(f"{word}_s", "status", of_stat=_spent("states", code))
    yield Column("limit_a", "limits", of_point=lambda p, w: _divided(p.doing.limit, 10))
    yield Column("held_a", "limits", of_point=lambda p, w: _divided(p.doing.held, 10))
    yield Column("limit_reason", "limits", of_point=lambda p, w: LIMITER_WORDS.get(p.doing.limiter or 0))
    yield Column("limit_circuit", "limits", of_point=lambda p, w: w.circuits.get(p.doing.circuit or 0))
    yield Column("limit_phase", "limits", of_point=lambda p, w: None if p.doing.phase is None else f"L{p.doing.phase}")
    yield Column("limit_text", "limits", of_point=lambda p, w: w.texts.get(p.doing.text or 0))
    for word, code in LIMITERS.items():
        yield Column(f"limited_by_{word}_s", "limits", of_stat=_spent("limiters", code))


def _divided(value: int | None, by: int) -> float | None:
    return None if value is None else value if by == 1 else value / by


def _scaled(name: str, by: int) -> Callable[[Stat], Cell]:
    get = attrgetter(name)
    return lambda stat: _divided(get(stat), by)


def _value(name: str, by: int) -> Callable[[Point, Words], Cell]:
    get = attrgetter(name)
    return lambda point, words: _divided(get(point.values), by)


def _register(name: str) -> Callable[[Stat], Cell]:
    get = attrgetter(name)
    return lambda stat: None if get(stat) == ANEW else get(stat)


def _stood(name: str) -> Callable[[Point, Words], Cell]:
    get = attrgetter(name)
    return lambda point, words: None if get(point.values) == ANEW else get(point.values)


def _spent(name: str, code: int) -> Callable[[Stat], Cell]:
    get = attrgetter(name)
    return lambda stat: unpacked(get(stat)).get(code, 0)


# rows


def stat_rows(chosen: Sequence[Column], stats: Iterable[Stat]) -> list[list[Cell]]:
    """A row for each bucket, its beginning first."""
    of = [column.of_stat for column in chosen if column.of_stat is not None]
    return [[stat.at, *(cell(stat) for cell in of)] for stat in stats]


def point_rows(chosen: Sequence[Column], points: Iterable[Point], words: Words) -> list[list[Cell]]:
    """A row for each moment at which something was new."""
    of = [column.of_point for column in chosen if column.of_point is not None]
    return [[point.at, *(cell(point, words) for cell in of)] for point in points]


def points(samples: Sequence[Sample], changes: Sequence[Change], before: Point) -> list[Point]:
    """Samples and changes of one subject as one line: at each moment what holds then."""
    found: dict[int, Point] = {}
    values, doing = before.values, before.doing
    both: list[Sample | Change] = [*samples, *changes]
    for row in sorted(both, key=attrgetter("at")):
        if isinstance(row, Sample):
            values = row.values
        else:
            doing = row.doing
        found[row.at] = Point(row.at, values, doing)
    return list(found.values())


def first_point(at: int, doing: Doing) -> Point:
    """What is known when the time that is asked for begins."""
    return Point(at, NOTHING, doing)


def days(stats: Sequence[Stat], at: int, until: int, zone: tzinfo) -> list[Stat]:
    """Shorter buckets of one subject as the site's days."""
    begins = [begin for begin, _ in stretches(at, until, Period.DAY, zone)]
    of_days = groupby(stats, key=lambda stat: begins[bisect_right(begins, stat.at) - 1])
    return [merged(begin, list(of_day)) for begin, of_day in of_days]


def whole_hours(bounds: Iterable[int]) -> bool:
    """Whether hourly statistics fit between these moments: not where the site's clock is half an hour off."""
    return all(bound % HOUR_S == 0 for bound in bounds)


# energy


class Energy(NamedTuple):
    """Wh that flowed in one bucket of a subject."""

    subject: int
    at: int
    energy: int | None
    export: int | None


class Total(NamedTuple):
    """Energy of one stretch of time: Wh by subject, and what meters exported."""

    at: int
    until: int
    energy: dict[int, int]
    export: dict[int, int]


def totals(energies: Iterable[Energy], parts: Sequence[tuple[int, int]]) -> list[Total]:
    """Sum up buckets by stretch, none of them before the first; each belongs to the stretch in which it begins."""
    found = [Total(at, until, {}, {}) for at, until in parts]
    begins = [total.at for total in found]
    for subject, at, energy, export in energies:
        total = found[bisect_right(begins, at) - 1]
        if energy is not None:
            total.energy[subject] = total.energy.get(subject, 0) + energy
        if export is not None:
            total.export[subject] = total.export.get(subject, 0) + export
    return found


# why


class Why(NamedTuple):
    """What a charger might draw at a moment, and from when until when just that held; None: it still does."""

    doing: Doing
    since: int
    until: int | None


def same_reason(one: Doing, other: Doing) -> bool:
    """Limit and reason are the same, whatever the car does meanwhile."""
    return one._replace(state=None, held=None) == other._replace(state=None, held=None)


def why(at: int, rows: Sequence[Change]) -> Why | None:
    """The reason that held at a moment, out of the changes around it in the order of time."""
    before = [change for change in rows if change.at <= at]
    if not before or before[-1].doing.limiter is None:
        return None
    doing, since = before[-1].doing, before[-1].at
    for change in reversed(before):
        if not same_reason(change.doing, doing):
            break
        since = change.at
    after = (change.at for change in rows if change.at > at and not same_reason(change.doing, doing))
    return Why(doing, since, next(after, None))
