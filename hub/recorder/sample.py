"""What is worth a row: the live picture as samples and changes, each only when it says something new. Pure.

A *sample* is what a device measures; it holds until the next one of the same device. A *change* is what a charger does
and may draw: status, limits and why. At the beginning of each five minutes the samples that hold are written again, so
that every five minutes can be counted by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from hub.core.state import Lines, LiveCharger, LiveCircuit, LiveMeter, Picture
from hub.model.grant import Grant
from hub.model.ids import ChargerId
from hub.model.reading import ChargerReading
from hub.recorder.codes import LIMITERS, OFFLINE, STATES, hundredths, tenths, text_key, whole

BUCKET_S = 300
CIRCUITS_EVERY_S = 10  # a circuit moves with its meter, and that is written by itself
ANEW = -1  # in place of a register: another device is here, and its register begins where it likes


class Kind(StrEnum):
    """What a history can be of."""

    CHARGER = "charger"
    METER = "meter"
    CIRCUIT = "circuit"


class Subject(NamedTuple):
    """One charger, meter or circuit. Its id stays, whatever device is behind it."""

    kind: Kind
    name: str


class Values(NamedTuple):
    """Measured at one moment: W, hundredths of an amp on each line, Wh, tenths of an amp."""

    power: int | None = None
    l1: int | None = None
    l2: int | None = None
    l3: int | None = None
    energy: int | None = None
    export: int | None = None
    offered: int | None = None


class Doing(NamedTuple):
    """What a charger does, what it may draw and why. Limits in tenths of an amp; `text` is a sentence's key."""

    state: int | None = None
    limit: int | None = None
    held: int | None = None
    limiter: int | None = None
    circuit: int | None = None
    phase: int | None = None
    text: int | None = None


class Sample(NamedTuple):
    """A row of samples; `at` in whole seconds since 1970, UTC."""

    at: int
    subject: int
    values: Values


class Change(NamedTuple):
    """A row of changes."""

    at: int
    subject: int
    doing: Doing


NOTHING = Values()
CUT = Values(energy=ANEW, export=ANEW)
UNKNOWN = Doing()


def charger_values(live: LiveCharger, register_wh: float | None) -> Values:
    """What a charger measures on the supply lines, and where its register stands. Out of contact: nothing."""
    if not live.online:
        return NOTHING
    if live.reading is None:
        return Values(energy=whole(register_wh))
    return reading_values(live.reading, live.line_a)._replace(energy=whole(register_wh))


def reading_values(reading: ChargerReading, line_a: Lines | None) -> Values:
    """A charger's reading."""
    l1, l2, l3 = line_a or (None, None, None)
    return Values(
        whole(reading.power_w),
        hundredths(l1),
        hundredths(l2),
        hundredths(l3),
        whole(register_of(reading)),
        None,
        tenths(reading.offered_a),
    )


def register_of(reading: ChargerReading | None) -> float | None:
    """The lifetime register; where a charger has none, the one that begins with each session does as well."""
    if reading is None:
        return None
    return reading.session_wh if reading.energy_wh is None else reading.energy_wh


def meter_values(live: LiveMeter) -> Values:
    """What a meter measures: import is positive, export negative."""
    reading = live.reading
    if not live.online or reading is None:
        return NOTHING
    l1, l2, l3 = reading.current_a or (None, None, None)
    total_w = reading.total_w
    if total_w is None and reading.power_w is not None and None not in reading.power_w:
        total_w = sum(power or 0.0 for power in reading.power_w)
    return Values(
        whole(total_w),
        hundredths(l1),
        hundredths(l2),
        hundredths(l3),
        whole(reading.import_wh),
        whole(reading.export_wh),
    )


def circuit_values(live: LiveCircuit) -> Values:
    """What flows through a circuit. Its headroom is not kept: that is the limit of the drawing less this."""
    l1, l2, l3 = live.current_a
    return Values(whole(live.power_w), hundredths(l1), hundredths(l2), hundredths(l3))


class Counted(NamedTuple):
    """A session's register: `start_wh`, and `energy_wh` since. `said_wh` is what the charger's readings said then."""

    start_wh: float
    energy_wh: float
    said_wh: float | None


@dataclass(slots=True)
class Sampler:
    """Remembers what was written last of each subject. `ids` gives each its number; new ones are added."""

    ids: dict[Subject, int]
    devices: dict[int, str]  # the device that was behind each subject when it was looked at last
    interval_s: int = 1
    new: set[Subject] = field(default_factory=set)  # those that the database does not know, or not with this device
    texts: dict[int, str] = field(default_factory=dict)  # sentences of changes that are not in the database yet
    _values: dict[int, tuple[int, Values]] = field(default_factory=dict)
    _doing: dict[int, Doing] = field(default_factory=dict)
    _grants: dict[str, tuple[Grant | None, Doing]] = field(default_factory=dict)
    _sessions: dict[ChargerId, Counted] = field(default_factory=dict)
    _bucket: int = 0

    def samples(self, picture: Picture, at: int) -> list[Sample]:
        """What is new at this second; with the first look into five minutes, also what still holds from before."""
        bucket = at - at % BUCKET_S
        rows = [] if bucket == self._bucket else self._still(bucket)
        self._bucket = bucket
        seen: set[int] = set()
        for subject, device, measured, interval_s in self._measured(picture):
            is_another = self.devices.get(self.ids.get(subject, 0), device) != device
            id = self._number(subject, device)
            seen.add(id)
            values = measured
            if is_another:
                values = CUT
                self._sessions.pop(ChargerId(subject.name), None)
            since, before = self._values.get(id, (0, NOTHING))
            if values == before or (NOTHING not in (before, values) and 0 <= at - since < interval_s):
                continue
            self._values[id] = (at, values)
            rows.append(Sample(at, id, values))
        rows.extend(Sample(at, id, NOTHING) for id in self._values.keys() - seen)  # it left the drawing
        self._values = {id: held for id, held in self._values.items() if id in seen}
        return rows

    def _still(self, bucket: int) -> list[Sample]:
        """What holds from before the bucket began. Not after a leap: then nobody knows what was between."""
        if not 0 < bucket - self._bucket <= BUCKET_S:
            self._values = {}
        return [Sample(bucket, id, values) for id, (_, values) in self._values.items() if values != NOTHING]

    def _measured(self, picture: Picture) -> Iterator[tuple[Subject, str, Values, int]]:
        site = picture.site
        for charger, live in picture.chargers.items():
            drawn = site.chargers.get(charger)
            device = f"{live.station.casefold()}/{drawn.connector if drawn else 1}"
            yield Subject(Kind.CHARGER, charger), device, charger_values(live, self._register(live)), self.interval_s
        for meter, metered in picture.meters.items():
            station = site.meters[meter].station.casefold() if meter in site.meters else ""
            yield Subject(Kind.METER, meter), station, meter_values(metered), self.interval_s
        for circuit, flow in picture.circuits.items():
            yield Subject(Kind.CIRCUIT, circuit), "", circuit_values(flow), CIRCUITS_EVERY_S

    def _register(self, live: LiveCharger) -> float | None:
        """Where a charger's register stands: as it said last, or further where its session's start or end says so."""
        said_wh, session = register_of(live.reading), live.session
        if session is not None and session.start_wh is not None:
            self._sessions[live.id] = Counted(session.start_wh, session.energy_wh or 0.0, said_wh)
        elif live.id in self._sessions and self._sessions[live.id].said_wh != said_wh:
            del self._sessions[live.id]  # it has said something since
        counted = self._sessions.get(live.id)
        told_wh = None if counted is None else counted.start_wh + counted.energy_wh
        return told_wh if said_wh is None or (told_wh is not None and told_wh > said_wh) else said_wh

    def session_ended(self, charger: ChargerId, energy_wh: float | None) -> None:
        """The last word of a session, which may never have been in the picture."""
        counted = self._sessions.get(charger)
        if counted is not None and energy_wh is not None:
            self._sessions[charger] = counted._replace(energy_wh=energy_wh)

    def _number(self, subject: Subject, device: str = "") -> int:
        """The subject's number; one that has none gets the next."""
        id = self.ids.get(subject)
        if id is None:
            id = self.ids[subject] = max(self.ids.values(), default=0) + 1
        if self.devices.get(id) != device:
            self.devices[id] = device
            self.new.add(subject)
        return id

    def changes(self, picture: Picture, at: int) -> list[Change]:
        """What chargers do now, of those that do something else than before. Look for samples first."""
        rows: list[Change] = []
        doing: dict[int, Doing] = {}
        for charger, live in picture.chargers.items():
            id, grant = self.ids[Subject(Kind.CHARGER, charger)], picture.grants.get(charger)
            now = doing[id] = self._doing_of(live, grant)
            if now != self._doing.get(id, UNKNOWN):
                rows.append(Change(at, id, now))
                if grant is not None and now.text is not None:
                    self.texts[now.text] = grant.text
        rows.extend(Change(at, id, UNKNOWN) for id in self._doing.keys() - doing.keys())  # it left the drawing
        self._doing = doing
        return rows

    def _doing_of(self, live: LiveCharger, grant: Grant | None) -> Doing:
        known, granted = self._grants.get(live.id, (None, UNKNOWN))
        if grant is not known:
            granted = UNKNOWN if grant is None else self._granted(grant)
            self._grants[live.id] = (grant, granted)
        state = OFFLINE if live.online is False else None
        if live.online and live.status is not None:
            state = STATES[live.status]
        return granted._replace(state=state, held=tenths(live.held_a))

    def _granted(self, grant: Grant) -> Doing:
        circuit = None if grant.circuit is None else self._number(Subject(Kind.CIRCUIT, grant.circuit))
        phase = None if grant.phase is None else grant.phase.place + 1
        return Doing(
            limit=tenths(grant.limit_a),
            limiter=LIMITERS[grant.limiter],
            circuit=circuit,
            phase=phase,
            text=text_key(grant.text),
        )


def bucket_of(row: Sample | Change) -> int:
    """The five minutes that a row belongs to."""
    return row.at - row.at % BUCKET_S
