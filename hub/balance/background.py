"""What flows in the metered circuits besides the cars: the meter minus what the cars drew at the same moment. Pure.

A meter speaks every second, a charger perhaps every ten, and a car that was just told something is between two
currents. So each car gives a span for the meter's moment. The background stays what it was as long as that explains the
meter, and moves no farther than it must: a car on its way up is not taken for an oven. But when the meter is above its
limit, nothing is explained away: all that the cars did not measurably draw is background, so that the budget of the
cars is what they draw minus the excess.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hub.balance.track import FOLLOW_S, Sample, Track
from hub.model.units import PHASES, PerPhase

FRESH_S = 2.0  # a charger's measured current speaks for the moments so near to it
MOVES_A = 1.0  # two samples of a car that differ by more: it is on its way
ZERO = PerPhase(0.0, 0.0, 0.0)

Amps = PerPhase[float]


class Span(NamedTuple):
    """Between which amps a draw on each line was at a moment, in phase with the line.

    `seen_a` is what is known to have been drawn, or is kept free all the same; `guessed_a` is the part of `low_a` that
    nobody measured.
    """

    low_a: Amps = ZERO
    high_a: Amps = ZERO
    seen_a: Amps = ZERO
    guessed_a: Amps = ZERO


def span(track: Track, at_s: float) -> Span:
    """Between which amps the charger's draw on each line was at the moment `at_s`; nothing measured: what it holds."""
    may_a = track.may_hold_a(at_s)
    wired = PerPhase(*(track.charger.phases is None or phase in track.charger.phases for phase in PHASES))
    sample = min(track.samples, key=lambda s: abs(s.at_s - at_s), default=None)
    fresh = sample is not None and abs(sample.at_s - at_s) <= FRESH_S
    if not track.reachable:
        most = wired.map(lambda on: may_a if on else 0.0)
        return Span(high_a=most, seen_a=ZERO if track.awaited(at_s) else most)  # all that it may draw is kept free
    if not fresh and not track.may_flow(at_s):
        return Span()
    if sample is None:
        guess = wired.map(lambda on: may_a if on else 0.0)
        return Span(guess, guess, guess, guess)
    return _measured(track, sample, fresh=fresh, at_s=at_s, may_a=may_a)


def _measured(track: Track, sample: Sample, *, fresh: bool, at_s: float, may_a: float) -> Span:
    amps = sample.line_a.map(lambda a: may_a if a is None else a)
    guessed = sample.line_a.map(lambda a: may_a if a is None else 0.0)
    if track.overtaken(sample, at_s):
        amps = amps.map(lambda a: min(a, may_a))
    low = high = amps
    if not (fresh and _steady(track, at_s)):
        charging = max(amps) > MOVES_A
        low = amps.map(lambda a: min(a, may_a))
        most_a = max(may_a, track.fell_from_a) if track.falls(at_s) else may_a
        high = amps.map(lambda a: max(a, most_a) if a > 0 or not charging else a)
    unplaced = track.charger.phases is None  # measured, but on which line?
    return Span(ZERO if unplaced else low, high, amps, guessed)


def _steady(track: Track, at_s: float) -> bool:
    """Its draw was not about to change at that moment: no new limit or status, and its last two samples alike."""
    recent = [s.line_a.map(lambda a: a or 0.0) for s in track.samples if s.at_s > at_s - FOLLOW_S]
    moved = recent and any(abs(a - b) > MOVES_A for a, b in zip(recent[-1], recent[-2:][0], strict=True))
    return not moved and at_s - track.changed_s >= FOLLOW_S


def together(spans: Iterable[tuple[float, Span]]) -> Span:
    """The sum of the spans, each times the part of it that is in phase with the lines."""
    sums = [[0.0, 0.0, 0.0] for _ in Span._fields]
    for part, one in spans:
        for into, amps in zip(sums, one, strict=True):
            for place in range(3):
                into[place] += part * amps[place]
    return Span(*(PerPhase(*amps) for amps in sums))


def least(meter_a: Amps, cars: Span) -> Amps:
    """The background on each line if the cars drew all that they may have drawn."""
    return PerPhase(*(_bounds(meter, Line(*drew))[0] for meter, *drew in zip(meter_a, *cars, strict=True)))


def estimate(meter_a: Amps, cars: Span, before_a: Amps | None, limit_a: Amps) -> Amps:
    """The background on each line, from the meter, what the cars drew at that moment, and the estimate before."""
    befores = (None, None, None) if before_a is None else before_a
    lines = zip(meter_a, *cars, befores, limit_a, strict=True)
    return PerPhase(*(_on_line(meter, Line(*drew), before, limit) for meter, *drew, before, limit in lines))


class Line(NamedTuple):
    """A span on one line."""

    low_a: float
    high_a: float
    seen_a: float
    guessed_a: float


def _bounds(meter_a: float, cars: Line) -> tuple[float, float]:
    """The least and the most that the background may be. Doubt about a car never claims that the site feeds in."""
    lowest, highest = meter_a - cars.high_a, meter_a - cars.low_a
    if cars.high_a - cars.low_a + cars.guessed_a > 0:
        lowest = max(lowest, min(highest + cars.guessed_a, 0.0))
    return lowest, max(lowest, highest)


def _on_line(meter_a: float, cars: Line, before_a: float | None, limit_a: float) -> float:
    lowest, highest = _bounds(meter_a, cars)
    found = lowest if before_a is None else min(max(before_a, lowest), highest)
    return max(found, meter_a - cars.seen_a) if meter_a > limit_a else found
