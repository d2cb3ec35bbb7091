"""Between OCPP 1.6's words and the hub's: statuses, times, sampled values. Pure. Profiles are in profiles.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
TOTAL = 3
"""Place of a value that names no phase."""
UNITS = {None: 1.0, "": 1.0, "A": 1.0, "V": 1.0, "W": 1.0, "Wh": 1.0, "kW": 1000.0, "kWh": 1000.0}
ODD_UNITS = {"kw": 1000.0, "kwh": 1000.0, "ma": 0.001, "mw": 1e6, "mwh": 1e6}
NO_CELSIUS = ("K", "Kelvin", "Fahrenheit", "F")
REGISTER = "Energy.Active.Import.Register"
CONTEXTS = {None: 0, "": 0, "Sample.Periodic": 0, "Trigger": 0, "Sample.Clock": 2, "Transaction.End": 4, "Other": 4}
"""What is said twice is taken from the context with the lower number; a context that is not here is not of now."""
LOCATIONS = {None: 0, "": 0, "Outlet": 0, "Cable": 0, "Inlet": 1}
"""The inlet counts only where the outlet says nothing: of two outlets it carries the sum."""

Said = Sequence[float | None]
"""One measurand of a moment in A, V, W or Wh: on the terminals 1 to 3, and without a phase."""
NOTHING: Said = (None, None, None, None)


def reading_of(values: Iterable[lenient.MeterValue], now: datetime) -> ChargerReading | None:
    """The newest sample of a MeterValues.req as one reading (OCPP 1.6 sections 4.7 and 7.31); None when it has none.

    A sampled value without a measurand is the energy register, one without a unit is in Wh, W, A or V; values of
    another place than the outlet, of a pair of phases or of N are passed over, and so are numbers that are none.
    """
    samples = [(moment_of(value.timestamp, now), _sample(value)) for value in values]
    usable = [(at, sample) for at, sample in samples if sample]
    if not usable:
        return None
    at, sample = max(reversed(usable), key=lambda pair: pair[0])
    return _reading(sample, at)


def _sample(value: lenient.MeterValue) -> Mapping[str, Said]:
    entries: list[tuple[int, int, float, str]] = []
    for said in value.sampled_value or ():
        place, context, location = PLACES.get(said.phase), CONTEXTS.get(said.context), LOCATIONS.get(said.location)
        number = _number(said)
        if number is not None and place is not None and context is not None and location is not None:
            entries.append((context + location, place, number, said.measurand or REGISTER))
    if any(entry[0] for entry in entries):
        entries.sort(key=lambda entry: entry[0], reverse=True)  # the best comes last and stays
    sample: dict[str, list[float | None]] = {}
    for _, place, number, measurand in entries:
        sample.setdefault(measurand, [None, None, None, None])[place] = number
    return sample


def _number(said: lenient.SampledValue) -> float | None:
    if said.value is None or said.format == "SignedData":
        return None
    if said.measurand == "Temperature" and said.unit in NO_CELSIUS:
        return None
    try:
        number = float(said.value.replace(",", "."))
    except ValueError:
        return None
    factor = UNITS.get(said.unit) or ODD_UNITS.get((said.unit or "").casefold(), 1.0)
    return number * factor if -1e12 < number < 1e12 else None


def _reading(sample: Mapping[str, Said], at: datetime) -> ChargerReading:
    return ChargerReading(
        at=at,
        current_a=_terminals(sample.get("Current.Import", NOTHING)),
        voltage_v=_terminals(sample.get("Voltage", NOTHING)),
        power_w=_total(sample.get("Power.Active.Import", NOTHING)),
        energy_wh=_total(sample.get(REGISTER, NOTHING)),
        offered_a=_largest(sample.get("Current.Offered", NOTHING)),
        temperature_c=_largest(sample.get("Temperature", NOTHING)),
    )


def _terminals(said: Said) -> PerPhase[float | None] | None:
    one, two, three, only = said
    if one is None and two is None and three is None:
        return None if only is None else PerPhase(only, None, None)
    return PerPhase(one, two, three)


def _total(said: Said) -> float | None:
    *phases, total = said
    known = [value for value in phases if value is not None]
    return total if total is not None or not known else sum(known)


def _largest(said: Said) -> float | None:
    return max((value for value in said if value is not None), default=None)


def taken(reading: ChargerReading, at: datetime) -> ChargerReading:
    """The same reading with the time at which it was taken."""
    return reading if reading.at == at else replace(reading, at=at)


def inferred(reading: ChargerReading) -> Status | None:
    """What a charger that sends no status must be doing, from its meter; None where that tells nothing."""
    drawn_a = [a for a in reading.current_a or () if a is not None]
    return Status.CHARGING if max(drawn_a, default=0.0) > 1.0 or (reading.power_w or 0.0) > 200.0 else None
