"""Between OCPP's words and the hub's: truth tables to check by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.model.charger import Status
from hub.model.units import PerPhase
from hub.wire.ocpp16 import lenient
from integrations.ocpp.translate import Layout, Rhythm, inferred, moment_of, reading_of, status_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGISTER = "Energy.Active.Import.Register"


def sampled(value: object, measurand: str | None = None, **other: str) -> lenient.SampledValue:
    return lenient.SampledValue(value=None if value is None else str(value), measurand=measurand, **other)


def at_once(*values: lenient.SampledValue) -> list[lenient.MeterValue]:
    return [lenient.MeterValue(timestamp="2026-03-01T12:00:00Z", sampled_value=list(values))]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Available", Status.AVAILABLE),
        ("Preparing", Status.PREPARING),
        ("Charging", Status.CHARGING),
        ("SuspendedEV", Status.SUSPENDED_EV),
        ("SuspendedEVSE", Status.SUSPENDED_EVSE),
        ("Finishing", Status.FINISHING),
        ("Reserved", Status.RESERVED),
        ("Unavailable", Status.UNAVAILABLE),
        ("Faulted", Status.FAULTED),
        ("suspendedEVSE", Status.SUSPENDED_EVSE),  # other case
        ("Suspended_EV", Status.SUSPENDED_EV),
        ("Occupied", Status.PREPARING),  # OCPP 1.5
        ("Sleeping", None),
        ("", None),
        (None, None),
    ],
)
def test_status_words(word: str | None, status: Status | None) -> None:
    assert status_of(lenient.StatusNotification(status=word, error_code="NoError"), NOW).status is status


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        ("Charging", "NoError", None),
        ("Charging", None, None),
        ("Faulted", "GroundFailure", "GroundFailure"),
        ("Faulted", "NoError", "OtherError"),  # faulted it is
        ("Available", "WeakSignal", "WeakSignal"),
    ],
)
def test_faults(status: str, error: str | None, fault: str | None) -> None:
    said = status_of(lenient.StatusNotification(status=status, error_code=error, vendor_error_code="E7"), NOW)
    assert (None if said.fault is None else said.fault.code) == fault
    assert said.fault is None or said.fault.vendor_code == "E7"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T11:00:00Z", NOW - timedelta(hours=1)),
        ("2026-03-01T11:00:00.250Z", NOW - timedelta(hours=1) + timedelta(milliseconds=250)),
        ("2026-03-01T11:00:00", NOW - timedelta(hours=1)),  # no zone: UTC
        ("2026-03-01 11:00:00", NOW - timedelta(hours=1)),
        ("2026-03-01T12:00:00+01:00", NOW - timedelta(hours=1)),
        ("2026-03-01T12:04:00Z", NOW + timedelta(minutes=4)),  # a little ahead
        ("2026-03-01T14:00:00Z", NOW),  # local time with a Z
        ("1970-01-01T00:00:12Z", NOW),
        ("2099-01-01T00:00:00Z", NOW),
        ("yesterday", NOW),
        ("", NOW),
        (None, NOW),
    ],
)
def test_q21_times(text: str | None, moment: datetime) -> None:
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize(
    ("values", "current_a"),
    [
        ([sampled(16, "Current.Import")], PerPhase(16, None, None)),  # one transformer, no phase
        ([sampled(16, "Current.Import", phase="")], PerPhase(16, None, None)),
        (
            [sampled(n, "Current.Import", phase=f"L{n}", unit="A") for n in (1, 2, 3)],
            PerPhase(1, 2, 3),
        ),
        ([sampled(9, "Current.Import", phase="L2")], PerPhase(None, 9, None)),
        ([sampled(n, "Current.Import", phase=f"L{n}-N") for n in (1, 2, 3)], PerPhase(1, 2, 3)),
        ([sampled(12, "Current.Import"), sampled(11, "Current.Import", phase="L1")], PerPhase(11, None, None)),
        ([sampled(3, "Current.Import", phase="N"), sampled(7, "Current.Import", phase="L1")], PerPhase(7, None, None)),
        ([sampled(6200, "Current.Import", unit="mA")], PerPhase(6.2, None, None)),
        ([sampled("6,5", "Current.Import")], PerPhase(6.5, None, None)),
        ([sampled(5, "Current.Export")], None),
        ([sampled("NaN", "Current.Import")], None),
        ([sampled("1e400", "Current.Import")], None),
        ([sampled("", "Current.Import")], None),
        ([sampled(None, "Current.Import")], None),
    ],
)
def test_q22_currents(values: list[lenient.SampledValue], current_a: PerPhase[float | None] | None) -> None:
    reading = reading_of(at_once(*values), NOW)
    assert (None if reading is None else reading.current_a) == current_a


@pytest.mark.parametrize(
    ("values", "energy_wh"),
    [
        ([sampled(1234)], 1234),  # no measurand, no unit
        ([sampled(1234, REGISTER, unit="Wh")], 1234),
        ([sampled(1.234, REGISTER, unit="kWh")], 1234),
        ([sampled(1.234, REGISTER, unit="KWH")], 1234),
        ([sampled(100, REGISTER, phase=f"L{n}") for n in (1, 2, 3)], 300),  # for each phase only
        ([sampled(100, REGISTER, phase="L1"), sampled(310, REGISTER)], 310),  # the total wins
        ([sampled("AABB", REGISTER, format="SignedData"), sampled(7, REGISTER)], 7),
        ([sampled("12", REGISTER, format="SignedData")], None),
        ([sampled(5, "Energy.Active.Export.Register")], None),
        ([sampled(1, REGISTER, context="Transaction.Begin"), sampled(9, REGISTER)], 9),
        ([sampled(9, REGISTER, context="Sample.Periodic"), sampled(8, REGISTER, context="Sample.Clock")], 9),
        ([sampled(8, REGISTER, context="Sample.Clock"), sampled(9, REGISTER, context="Sample.Periodic")], 9),
        ([sampled(8, REGISTER, context="Sample.Clock")], 8),  # better than nothing
        ([sampled(8, REGISTER, context="Interruption.Begin")], None),
        ([sampled(9, REGISTER), sampled(50, REGISTER, location="Inlet")], 9),
        ([sampled(50, REGISTER, location="Inlet")], 50),
        ([sampled(50, REGISTER, location="EV")], None),
    ],
)
def test_q22_energy(values: list[lenient.SampledValue], energy_wh: float | None) -> None:
    reading = reading_of(at_once(*values), NOW)
    assert (None if reading is None else reading.energy_wh) == energy_wh


def test_everything_else_of_a_sample() -> None:
    reading = reading_of(
        at_once(
            sampled(11, "Power.Active.Import", unit="kW"),
            *(sampled(229 + n, "Voltage", phase=f"L{n}-N") for n in (1, 2, 3)),
            sampled(400, "Voltage", phase="L1-L2"),
            sampled(16, "Current.Offered", phase="L1"),
            sampled(15.5, "Current.Offered", phase="L2"),
            sampled(31, "Temperature", location="Body"),
            sampled(40, "Temperature", unit="Celcius"),
            sampled(80, "SoC", unit="Percent", location="EV"),
        ),
        NOW,
    )
    assert reading is not None
    assert (reading.power_w, reading.voltage_v, reading.offered_a) == (11000, PerPhase(230, 231, 232), 16)
    assert (reading.temperature_c, reading.energy_wh, reading.current_a) == (40, None, None)


def test_a_temperature_that_is_not_in_celsius_is_not_known() -> None:
    assert reading_of(at_once(sampled(310, "Temperature", unit="K")), NOW) is None


def test_the_newest_of_several_moments_counts() -> None:
    moments = [("2026-03-01T11:59:00Z", 5), ("2026-03-01T11:59:30Z", 7), ("2026-03-01T11:58:00Z", 3)]
    values = [lenient.MeterValue(timestamp=t, sampled_value=[sampled(a, "Current.Import")]) for t, a in moments]
    reading = reading_of(values, NOW)
    assert reading is not None
    assert (reading.at, reading.current_a) == (NOW - timedelta(seconds=30), PerPhase(7, None, None))


def test_without_any_clock_the_last_one_counts() -> None:
    values = [lenient.MeterValue(sampled_value=[sampled(a, "Current.Import")]) for a in (5, 6)]
    reading = reading_of(values, NOW)
    assert reading is not None
    assert (reading.at, reading.current_a) == (NOW, PerPhase(6, None, None))


@pytest.mark.parametrize("values", [[], [lenient.MeterValue()], [lenient.MeterValue(sampled_value=[])]])
def test_nothing_is_no_reading(values: list[lenient.MeterValue]) -> None:
    assert reading_of(values, NOW) is None


@pytest.mark.parametrize(
    ("samples", "taken"),
    [
        # seconds at which a sample comes, and what its own clock says; then the time it is given (None: history)
        ([(0, 0), (5, 5), (10, 10)], [0, 5, 10]),
        ([(0, -60), (5, -55)], [-60, -55]),  # a minute behind: believed
        ([(0, -7200), (5, -7195), (10, -7190)], [None, 5, 10]),  # two hours behind, but at a live pace
        ([(0, -7200), (0.1, -7140), (0.2, -7080)], [None, None, None]),  # a history, all at once
        ([(0, -7200), (0.1, -7140), (5, 5)], [None, None, 5]),  # and then live
        ([(0, -7200), (5, -7195), (6, -9000), (10, -7190)], [None, 5, None, 10]),
        ([(0, -7200), (5, -7195), (10, 10)], [None, 5, 10]),  # its clock was set
    ],
)
def test_q19_live_samples_and_a_history(samples: list[tuple[float, float]], taken: list[float | None]) -> None:
    rhythm = Rhythm()
    given = [rhythm.taken_at(NOW + timedelta(seconds=own), NOW + timedelta(seconds=ours)) for ours, own in samples]
    assert [None if at is None else (at - NOW).total_seconds() for at in given] == taken


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([sampled(10, "Current.Import", phase="L2")], Status.CHARGING),
        ([sampled(2300, "Power.Active.Import")], Status.CHARGING),
        ([sampled(0.2, "Current.Import")], None),
        ([sampled(1234, REGISTER)], None),
    ],
)
def test_what_the_meter_shows(values: list[lenient.SampledValue], status: Status | None) -> None:
    reading = reading_of(at_once(*values), NOW)
    assert reading is not None
    assert inferred(reading) is status


def test_what_one_layout_has_learnt_never_shows_in_samples_that_are_worded_in_another_way() -> None:
    messages = [
        [sampled(n, "Current.Import", phase=f"L{n}") for n in (1, 2, 3)],
        [sampled(10 * n, "Current.Import", phase=f"L{n}") for n in (1, 2, 3)],
        [sampled(n, "Current.Import", phase=f"L{4 - n}") for n in (1, 2, 3)],  # as many, in another order
        [sampled("1,5", "Current.Import", phase="L1"), sampled(3, REGISTER, unit="kWh")],
        [sampled("1.5", "Current.Import", phase="L1"), sampled(4, REGISTER, unit="kWh")],
        [sampled("AABB", REGISTER, format="SignedData"), sampled(5, REGISTER)],
        [sampled(6, REGISTER, format="SignedData"), sampled(5, REGISTER)],
        [sampled("NaN", "Current.Import"), sampled(230, "Voltage", phase="L1-N")],
        [sampled(8, REGISTER, context="Sample.Clock"), sampled("-", REGISTER, context="Sample.Periodic")],
        [sampled(8, REGISTER, context="Sample.Clock"), sampled(9, REGISTER, context="Sample.Periodic")],
        [],
        [sampled(1e12, "Voltage"), sampled(-3, "Power.Active.Import")],
    ]
    layout = Layout()
    for values in (*messages, *reversed(messages), *messages[::2]):
        assert reading_of(at_once(*values), NOW, layout) == reading_of(at_once(*values), NOW)


def test_of_two_worded_alike_the_later_one_counts() -> None:
    reading = reading_of(at_once(sampled(1, REGISTER), sampled(2, REGISTER)), NOW)
    assert reading is not None
    assert reading.energy_wh == 2


def test_a_number_that_cannot_be_takes_no_other_with_it() -> None:
    reading = reading_of(at_once(sampled(-1e13, "Voltage"), sampled(1e13, "Voltage"), sampled(7, REGISTER)), NOW)
    assert reading is not None
    assert (reading.energy_wh, reading.voltage_v) == (7, None)
