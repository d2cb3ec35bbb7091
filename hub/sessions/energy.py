"""Register arithmetic: how much a session has taken, from registers that stand still, jump and restart. Pure.

A register is a number that only grows, most of the time. What a session has taken is the sum of the steps between its
samples, so that a gap loses nothing: the next sample has it. A sample that does not follow from the one before waits
for the next: if that one takes it back, it was one bad sample; if that one bears it out, the register was restarted or
exchanged, and counting goes on from there. Nothing is lost at that, and nothing counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf

NOISE_WH = 50.0  # a register that is lower by this trembles
COARSE_WH = 1_500.0  # some registers move in whole kWh, so that a step may come all at once
MARGIN = 1.5  # more than its rated power may be what a charger gives, this much may not
GAP = timedelta(minutes=15)
GAP_WH = 100.0  # a car that slept for an hour is no gap
NOTICED_WH = 100.0  # without a session; less in half an hour is the charger's own need
OWN_NEED_W = 20.0  # what a charger may take itself all day long
HOUR = timedelta(hours=1)
CREEP = timedelta(minutes=30)


class Flag(StrEnum):
    """What is to be known of a session's figures."""

    START_MISSING = "start_missing"  # nobody said where the register stood at the start
    REGISTER_RESET = "register_reset"  # it began anew in between
    GAP = "gap"  # some of the energy was taken while nobody looked
    SUSPECT = "suspect"  # a step that cannot be: it is not counted
    CLOCK = "clock"  # the charger's clock could not be meant: a time is the hub's
    NO_AUTHORISATION = "no_authorisation"  # energy flowed, and no transaction was ever begun
    UNPLUGGED_UNSEEN = "unplugged_unseen"  # the car left while nobody looked: the end is when it was noticed
    LATE = "late"  # told long after it happened


Flags = frozenset[Flag]
NO_FLAGS: Flags = frozenset()


@dataclass(frozen=True, slots=True)
class Sample:
    """A register at one moment. `at` None: nobody knows when."""

    wh: float
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted so far: the whole of what must be kept to go on after a restart."""

    energy_wh: float | None = None  # None: there was no register yet
    last: Sample | None = None  # the sample up to which it is counted
    doubt: Sample | None = None  # the newest sample, where it does not follow from `last`
    flags: Flags = NO_FLAGS
    own: bool = False  # counted by the charger's counter of this session, for want of a lifetime register


def begin(start_wh: float | None, at: datetime | None, flags: Flags = NO_FLAGS) -> Count:
    """A new session whose register stood there; without one its first sample will be the start."""
    if start_wh is None:
        return Count(flags=flags)
    return Count(0.0, Sample(start_wh, at), None, flags)


def counted(count: Count, sample: Sample, most_w: float) -> Count:
    """The count with one more sample of the lifetime register. `most_w` is what the charger can give."""
    if count.last is None:
        return Count(0.0, sample, None, count.flags | {Flag.START_MISSING})
    if count.own:  # the register appears in mid-session: from here on it is the better one
        return Count(count.energy_wh, sample, None, count.flags)
    return _next(count, count.last, sample, most_w)


def counted_own(count: Count, sample: Sample, began_at: datetime, most_w: float) -> Count:
    """The count with a sample of the charger's own counter, which begins at 0 with each session, sooner or later."""
    if count.last is None:
        plausible = sample.wh <= most_wh(began_at, sample.at, most_w)
        return Count(sample.wh if plausible else 0.0, sample, None, count.flags, own=True)
    return _next(count, count.last, sample, most_w) if count.own else count


def finished(count: Count, stop: Sample | None, most_w: float) -> Count:
    """The count at the end, with the register that the charger gives for it; there is no next sample to wait for."""
    last = count.last
    if stop is not None and not count.own:
        if last is not None and _is_overrun(count, last, stop):
            return Count((count.energy_wh or 0.0) + stop.wh - last.wh, stop, None, count.flags)
        count = counted(count, stop, most_w)
    if count.last is None or count.doubt is None:
        return count
    return _from_doubt(count, count.last, count.doubt, _flow_wh(count.last.at, count.doubt.at, most_w))


def follows(before: Sample, after: Sample, most_w: float) -> bool:
    """True when a register can go from the one to the other: not down, and not up by more than flows in that time."""
    step_wh = after.wh - before.wh
    if step_wh <= COARSE_WH:  # at any time
        return step_wh >= -NOISE_WH
    return step_wh <= most_wh(before.at, after.at, most_w)


def most_wh(since: datetime | None, until: datetime | None, most_w: float) -> float:
    """The most that a register can have moved in a time; no bound where the time is not known."""
    return _flow_wh(since, until, most_w) + COARSE_WH


def has_moved(stood: Sample, sample: Sample, most_w: float) -> bool:
    """True when a register on which nobody has a session has moved by what a car takes."""
    own_wh = 0.0 if stood.at is None or sample.at is None else OWN_NEED_W * ((sample.at - stood.at) / HOUR)
    return sample.wh - stood.wh >= NOTICED_WH + own_wh and follows(stood, sample, most_w)


def stands(stood: Sample, sample: Sample) -> bool:
    """True when it creeps: a little higher than not long ago."""
    if stood.at is None or sample.at is None:
        return False
    return 0 < sample.wh - stood.wh < NOTICED_WH and sample.at - stood.at <= CREEP


def _flow_wh(since: datetime | None, until: datetime | None, most_w: float) -> float:
    if since is None or until is None:
        return inf
    return most_w * MARGIN * max((until - since) / HOUR, 0.0)


def _next(count: Count, last: Sample, sample: Sample, most_w: float) -> Count:
    if follows(last, sample, most_w):
        return _step(count, last, sample)
    if count.doubt is not None and count.doubt.wh < sample.wh and follows(count.doubt, sample, most_w):
        believed = _from_doubt(count, last, count.doubt, most_wh(last.at, count.doubt.at, most_w))
        return _step(believed, count.doubt, sample)
    if count.doubt is not None and count.doubt.wh == sample.wh:
        return count  # it stands still there: that bears nothing out
    return Count(count.energy_wh, last, sample, count.flags, count.own)


def _step(count: Count, last: Sample, sample: Sample) -> Count:
    """The sample follows from the last: what lies between was taken. A trembling register stays where it was."""
    step_wh = sample.wh - last.wh
    if step_wh < 0:
        return Count(count.energy_wh, Sample(last.wh, sample.at), None, count.flags, count.own)
    flags = count.flags
    if step_wh > GAP_WH and _is_gap(last.at, sample.at):
        flags |= {Flag.GAP}
    return Count((count.energy_wh or 0.0) + step_wh, sample, None, flags, count.own)


def _is_gap(since: datetime | None, until: datetime | None) -> bool:
    return since is not None and until is not None and until - since > GAP


def _from_doubt(count: Count, last: Sample, doubt: Sample, reset_most_wh: float) -> Count:
    """Believe the doubtful sample: the register began anew at 0 and all of it counts, or it counts from here on."""
    energy_wh = count.energy_wh or 0.0
    if doubt.wh > last.wh or doubt.wh > reset_most_wh:
        return Count(energy_wh, doubt, None, count.flags | {Flag.SUSPECT}, count.own)
    return Count(energy_wh + doubt.wh, doubt, None, count.flags | {Flag.REGISTER_RESET}, count.own)


def _is_overrun(count: Count, last: Sample, stop: Sample) -> bool:
    """True when the newest sample was taken after the stop, a moment or a whole other charge later: the stop counts."""
    over_wh = last.wh - stop.wh
    is_later = last.at is not None and stop.at is not None and last.at > stop.at
    return 0 < over_wh <= (count.energy_wh or 0.0) and (is_later or over_wh <= NOISE_WH)
