"""Between OCPP 1.6's words and the hub's: statuses, times, sampled values. Pure. Profiles are in profiles.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter, mul
from typing import NamedTuple

from hub.sdk import ChargerReading, ChargerStatus, Fault, PerPhase, Status
from hub.wire.ocpp16 import lenient, parse_time

STATUSES = {
    "available": Status.AVAILABLE,
    "preparing": Status.PREPARING,
    "charging": Status.CHARGING,
    "suspendedev": Status.SUSPENDED_EV,
    "suspendedevse": Status.SUSPENDED_EVSE,
    "finishing": Status.FINISHING,
    "reserved": Status.RESERVED,
    "unavailable": Status.UNAVAILABLE,
    "faulted": Status.FAULTED,
    "occupied": Status.PREPARING,  # OCPP 1.5's word, still sent by some
}
NO_FAULT = (None, "", "NoError")
SAMPLED = ("Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage", "Current.Offered")
"""The measurands that the hub asks for."""
SAMPLED_AT_LEAST = ("Energy.Active.Import.Register", "Power.Active.Import", "Current.Import")
"""What it asks a charger for that refuses the whole list; one that refuses this too keeps its own."""


def status_of(message: lenient.StatusNotification, now: datetime) -> ChargerStatus:
    """StatusNotification.req (OCPP 1.6 section 4.9). A word that we do not know gives status None."""
    status = STATUSES.get((message.status or "").replace("_", "").casefold())
    fault = None
    if message.error_code not in NO_FAULT or status is Status.FAULTED:
        code = "OtherError" if message.error_code in NO_FAULT else message.error_code
        fault = Fault(code=code or "OtherError", vendor_code=message.vendor_error_code, text=message.info)
    return ChargerStatus(at=now, status=status, fault=fault)


AHEAD = timedelta(minutes=5)  # a clock that runs further ahead of ours is wrong
LATE = timedelta(minutes=2)  # a sample that is older was taken while nobody listened, or the clock is behind
SAME_PACE = timedelta(seconds=5)
SHORTEST_PAUSE = timedelta(seconds=2)


def said_at(text: str | None, now: datetime) -> datetime | None:
    """A device's time, or None where its clock cannot be meant: unreadable, before 2020, or ahead of ours."""
    at = parse_time(text)
    return None if at is None or at.year < 2020 or at > now + AHEAD else at


def moment_of(text: str | None, now: datetime) -> datetime:
    """A device's time, or ours where its clock cannot be meant."""
    return said_at(text, now) or now


@dataclass(slots=True)
class Rhythm:
    """Tells live samples of one outlet from old ones that are sent late, also where its clock is hours behind.

    A clock that is behind shows in samples that come at the pace of their own times; a history comes all at once.
    """

    _before: tuple[datetime, datetime] | None = None  # time of the last late sample, and when it came
    _behind: timedelta | None = None

    def taken_at(self, at: datetime, now: datetime) -> datetime | None:
        """When a sample that says `at` was taken: then, or now where the clock is behind; None for history."""
        lag = now - at
        if lag <= LATE:
            return at
        if self._before is not None:
            own, ours = at - self._before[0], now - self._before[1]
            if ours >= SHORTEST_PAUSE and abs(own - ours) < SAME_PACE:
                self._behind = lag
        self._before = (at, now)
        known = self._behind is not None and abs(lag - self._behind) < LATE
        return now if known else None


PLACES = {None: 3, "": 3, "L1": 0, "L2": 1, "L3": 2, "L1-N": 0, "L2-N": 1, "L3-N": 2}
UNITS = {None: 1.0, "": 1.0, "A": 1.0, "V": 1.0, "W": 1.0, "Wh": 1.0, "kW": 1000.0, "kWh": 1000.0}
ODD_UNITS = {"kw": 1000.0, "kwh": 1000.0, "ma": 0.001, "mw": 1e6, "mwh": 1e6}
NO_CELSIUS = ("K", "Kelvin", "Fahrenheit", "F")
REGISTER = "Energy.Active.Import.Register"
CONTEXTS = {None: 0, "": 0, "Sample.Periodic": 0, "Trigger": 0, "Sample.Clock": 2, "Transaction.End": 4, "Other": 4}
"""What is said twice is taken from the context with the lower number; a context that is not here is not of now."""
LOCATIONS = {None: 0, "": 0, "Outlet": 0, "Cable": 0, "Inlet": 1}
"""The inlet counts only where the outlet says nothing: of two outlets it carries the sum."""
BELIEVED = 1e12  # no charger measures more of anything

CURRENT, VOLTAGE, POWER, ENERGY, OFFERED, TEMPERATURE, END = range(0, 28, 4)
MEASURANDS = {
    "Current.Import": CURRENT,
    "Voltage": VOLTAGE,
    "Power.Active.Import": POWER,
    REGISTER: ENERGY,
    "Current.Offered": OFFERED,
    "Temperature": TEMPERATURE,
}
"""Where the four places of each begin in a row; all others share the place behind the last one."""

Said = Sequence[float | None]
"""Numbers of one moment in A, V, W, Wh or degrees; of each measurand on the terminals 1 to 3, and without a phase."""
NOTHING: Said = (None, None, None, None)
Words = tuple[str | None, ...]
words_of = attrgetter("measurand", "phase", "unit", "context", "location", "format")
text_of = attrgetter("value")


def reading_of(
    values: Iterable[lenient.MeterValue], now: datetime, layout: Layout | None = None
) -> ChargerReading | None:
    """The newest sample of a MeterValues.req as one reading (OCPP 1.6 sections 4.7 and 7.31); None when it has none.

    A sampled value without a measurand is the energy register, one without a unit is in Wh, W, A or V; values of
    another place than the outlet, of a pair of phases or of N are passed over, and so are numbers that are none.
    `layout` is what earlier samples of the same outlet have taught.
    """
    layout = layout or Layout()
    newest: tuple[datetime, Said] | None = None
    for value in values:
        row = layout.row(value.sampled_value or ())
        if row is not None:
            at = said_at(value.timestamp, now) or now
            if newest is None or at >= newest[0]:
                newest = at, row
    return None if newest is None else _reading(newest[1], newest[0])


class Layout:
    """Where each value of a sample belongs: worked out once for all samples that an outlet words alike."""

    __slots__ = ("_factors", "_is_empty", "_order", "_words")

    def __init__(self) -> None:
        self._learn([])

    def row(self, said: Sequence[lenient.SampledValue]) -> Said | None:
        """The numbers at their places; None when there is no usable one."""
        try:
            numbers = [*map(float, map(text_of, said))]
        except (TypeError, ValueError):  # none at all, a comma, a signature
            numbers = [math.nan]
        if not math.hypot(*numbers) < BELIEVED:
            known = [(one, number) for one in said if (number := _number(one.value)) is not None]
            said, numbers = [one for one, _ in known], [number for _, number in known]
        words = [*map(words_of, said)]
        if words != self._words:
            self._learn(words)
        if self._factors is not None:
            numbers = [*map(mul, numbers, self._factors)]
        return None if self._is_empty else self._order((*numbers, None))

    def _learn(self, words: list[Words]) -> None:
        meant = [_meant(of_one) for of_one in words]
        self._words = words
        self._is_empty = not any(meant)
        factors = [1.0 if one is None else one.factor for one in meant]
        self._factors = None if set(factors) <= {1.0} else factors
        ranked = sorted(((one.rank, -at, one.place) for at, one in enumerate(meant) if one is not None), reverse=True)
        best = {place: -behind for _, behind, place in ranked}  # the lowest rank stays, and of two the later one
        self._order = itemgetter(*(best.get(place, len(words)) for place in range(END)))


class Meant(NamedTuple):
    """Where a value belongs. Of two at one place the lower rank counts."""

    place: int
    factor: float
    rank: int


def _meant(words: Words) -> Meant | None:
    """What the words beside a value say of it; None for what is passed over."""
    measurand, phase, unit, context, location, form = words
    place, of_context, of_location = PLACES.get(phase), CONTEXTS.get(context), LOCATIONS.get(location)
    if place is None or of_context is None or of_location is None or form == "SignedData":
        return None
    if measurand == "Temperature" and unit in NO_CELSIUS:
        return None
    factor = UNITS.get(unit) or ODD_UNITS.get((unit or "").casefold(), 1.0)
    return Meant(MEASURANDS.get(measurand or REGISTER, END) + place, factor, of_context + of_location)


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return number if -BELIEVED < number < BELIEVED else None


def _reading(row: Said, at: datetime) -> ChargerReading:
    offered, temperature = row[OFFERED:TEMPERATURE], row[TEMPERATURE:END]
    return ChargerReading(
        at=at,
        current_a=_terminals(*row[CURRENT:VOLTAGE]),
        voltage_v=_terminals(*row[VOLTAGE:POWER]),
        power_w=_total(*row[POWER:ENERGY]),
        energy_wh=_total(*row[ENERGY:OFFERED]),
        offered_a=None if offered == NOTHING else _largest(offered),
        temperature_c=None if temperature == NOTHING else _largest(temperature),
    )


def _terminals(
    one: float | None, two: float | None, three: float | None, only: float | None
) -> PerPhase[float | None] | None:
    if one is None and two is None and three is None:
        return None if only is None else PerPhase(only, None, None)
    return PerPhase(one, two, three)


def _total(one: float | None, two: float | None, three: float | None, total: float | None) -> float | None:
    if total is not None:
        return total
    if one is not None and two is not None and three is not None:
        return one + two + three
    known = [value for value in (one, two, three) if value is not None]
    return sum(known) if known else None


def _largest(said: Said) -> float:
    return max(value for value in said if value is not None)


def taken(reading: ChargerReading, at: datetime) -> ChargerReading:
    """The same reading with the time at which it was taken."""
    return reading if reading.at == at else replace(reading, at=at)


def inferred(reading: ChargerReading) -> Status | None:
    """What a charger that sends no status must be doing, from its meter; None where that tells nothing."""
    drawn_a = [a for a in reading.current_a or () if a is not None]
    return Status.CHARGING if max(drawn_a, default=0.0) > 1.0 or (reading.power_w or 0.0) > 200.0 else None
