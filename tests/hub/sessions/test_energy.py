"""Tables of registers that can be checked by hand: what a charger's counter said, and what was taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sessions.energy import Count, Flag, Sample, begin, counted, counted_own, finished, has_moved, stands

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KW22 = 22_000.0  # 33 kWh in an hour at most, and 1.5 kWh at once


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def count(start_wh: float | None, *samples: tuple[float, float]) -> Count:
    """A session that began at noon; samples are (minutes after, register)."""
    so_far = begin(start_wh, NOON)
    for minutes, wh in samples:
        so_far = counted(so_far, Sample(wh, at(minutes)), KW22)
    return so_far


@pytest.mark.parametrize(
    ("start_wh", "samples", "energy_wh", "flags"),
    [
        (1000, [], 0, ""),
        (1000, [(1, 1300), (2, 1650)], 650, ""),
        (1000, [(1, 1300), (2, 1300), (60, 1300)], 300, ""),  # the car is full
        (None, [], None, ""),
        (None, [(1, 5000)], 0, "start_missing"),  # the first sample is the start
        (None, [(1, 5000), (2, 5300)], 300, "start_missing"),
        # gaps: what lies between is in the next sample
        (1000, [(1, 1300), (121, 21_300)], 20_300, "gap"),
        (1000, [(1, 1300), (121, 1350)], 350, ""),  # a car that slept
        # a register that trembles
        (1000, [(1, 1300), (2, 1290), (3, 1310)], 310, ""),
        (1000, [(1, 950), (2, 1000), (3, 1050)], 50, ""),
        # it begins anew at 0: what was before stays, what came after counts whole
        (1000, [(10, 4000), (11, 200), (12, 500)], 3500, "register_reset"),
        (1000, [(10, 4000), (11, 0), (12, 0), (13, 300)], 3300, "register_reset"),
        (1000, [(10, 4000), (11, 200)], 3000, ""),  # not borne out yet
        (90_000, [(1, 0), (2, 300), (3, 600)], 600, "register_reset"),  # one that begins anew with each session
        (1000, [(10, 3000), (11, 0), (12, 300), (20, 2000), (21, 0), (22, 100)], 4100, "register_reset"),
        # one bad sample
        (90_000, [(1, 90_300), (2, 0), (3, 90_900)], 900, ""),
        (90_000, [(1, 90_300), (2, 0), (3, 0), (4, 91_200)], 1200, ""),
        (1000, [(1, 1300), (2, 900_000), (3, 1900)], 900, ""),
        (1000, [(1, 1300), (2, 900_000), (3, 0), (4, 2200)], 1200, ""),  # and another
        # a step that cannot be is not counted, and counting goes on from there
        (1000, [(1, 1300), (2, 900_000), (3, 900_300)], 600, "suspect"),
        (0, [(1, 105_000), (2, 105_300)], 300, "suspect"),  # a start of 0 that nobody meant
        (90_000, [(1, 90_300), (2, 50_000), (3, 50_300)], 600, "suspect"),  # another meter
    ],
)
def test_what_a_register_says(
    start_wh: float | None, samples: list[tuple[float, float]], energy_wh: float | None, flags: str
) -> None:
    result = count(start_wh, *samples)
    assert (result.energy_wh, " ".join(sorted(result.flags))) == (energy_wh, flags)


@pytest.mark.parametrize(
    ("start_wh", "samples", "stop", "energy_wh", "flags"),
    [
        (1000, [], (60, 4000), 3000, "gap"),
        (1000, [(10, 2000)], (12, 2500), 1500, ""),
        (1000, [(10, 2000)], None, 1000, ""),
        (1000, [(10, 2000)], (10, 1990), 990, ""),  # the sample was taken a moment after the stop
        (1000, [(10, 5000), (300, 9000)], (20, 5400), 4400, "gap"),  # told late: another car came in between
        (1000, [(10, 5000)], (11, 1000), 4000, "suspect"),  # what it had stored before a power cut
        (1000, [(10, 5000)], (11, 0), 4000, "register_reset"),  # it restarted, and nothing has flowed since
        (1000, [(10, 5000), (11, 100), (12, 400)], (13, 700), 4700, "register_reset"),
        (1000, [(10, 5000), (11, 100)], (12, 400), 4400, "register_reset"),
        (1000, [(10, 5000), (11, 100)], None, 4100, "register_reset"),
        (1000, [(10, 5000), (11, 0)], (12, 5300), 4300, ""),
        (1000, [(10, 2000)], (11, 900_000), 1000, "suspect"),
        (None, [], (60, 4000), 0, "start_missing"),
        (1000, [(10, 2000)], (130, 700), 1700, "register_reset"),  # two hours in the dark, and a new register
    ],
)
def test_what_is_left_at_the_end(
    start_wh: float | None,
    samples: list[tuple[float, float]],
    stop: tuple[float, float] | None,
    energy_wh: float,
    flags: str,
) -> None:
    end = None if stop is None else Sample(stop[1], at(stop[0]))
    result = finished(count(start_wh, *samples), end, KW22)
    assert (result.energy_wh, " ".join(sorted(result.flags))) == (energy_wh, flags)


def test_without_a_clock_nothing_is_too_fast() -> None:
    result = finished(begin(1000, None), Sample(41_000, None), KW22)
    assert (result.energy_wh, result.flags) == (40_000, frozenset())


@pytest.mark.parametrize(
    ("samples", "energy_wh"),
    [
        ([(1, 200), (2, 500)], 500),  # its own counter begins at 0
        ([(1, 7000), (2, 7000)], 0),  # it still shows the last session
        ([(1, 7000), (2, 0), (3, 300)], 300),
        ([(1, 200), (2, 500), (3, 0), (4, 100)], 600),  # it restarted in mid session
    ],
)
def test_a_charger_that_has_only_a_counter_of_its_own(samples: list[tuple[float, float]], energy_wh: float) -> None:
    so_far = begin(None, NOON)
    for minutes, wh in samples:
        so_far = counted_own(so_far, Sample(wh, at(minutes)), NOON, KW22)
    assert (so_far.energy_wh, so_far.own) == (energy_wh, True)


def test_a_lifetime_register_counts_before_the_chargers_own_counter() -> None:
    so_far = counted_own(count(1000, (1, 1300)), Sample(5.0, at(2)), NOON, KW22)
    assert so_far == count(1000, (1, 1300))
    own = counted_own(begin(None, NOON), Sample(200, at(1)), NOON, KW22)
    assert counted(own, Sample(90_000, at(2)), KW22).energy_wh == 200
    assert finished(own, Sample(90_000, at(2)), KW22).energy_wh == 200


@pytest.mark.parametrize(
    ("minutes", "wh", "moved", "creeps"),
    [
        (10, 1000, False, False),
        (10, 1020, False, True),
        (40, 1060, False, False),  # 60 Wh in 40 minutes is the charger itself
        (1, 1110, True, False),
        (120, 9000, True, False),
        (1440, 1400, False, False),  # a day of its own need
        (1440, 1700, True, False),
        (1, 900_000, False, False),
        (10, 0, False, False),
    ],
)
def test_when_an_idle_register_is_a_charge(minutes: float, wh: float, moved: bool, creeps: bool) -> None:
    stood, sample = Sample(1000, NOON), Sample(wh, at(minutes))
    assert (has_moved(stood, sample, KW22), stands(stood, sample)) == (moved, creeps)


steps = st.lists(st.integers(0, 500), min_size=1, max_size=30)  # registers are told in whole watt-hours


@given(steps, st.data())
def test_any_restarts_lose_and_double_nothing_that_was_sampled(flows: list[int], data: st.DataObject) -> None:
    """A register that begins anew at 0 now and then, and not just before it stood there: all that flowed is counted."""
    register, so_far, quiet = 200_000.0, begin(200_000.0, NOON), 2
    for minute, flow in enumerate(flows, 1):
        if quiet >= 2 and register > 2000 and data.draw(st.booleans()):
            register, quiet = 0.0, 0
        register += flow
        quiet += 1
        so_far = counted(so_far, Sample(register, at(minute)), KW22)
    end = finished(so_far, Sample(register, at(len(flows))), KW22)
    assert end.energy_wh == pytest.approx(sum(flows))


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e4)), max_size=20))
def test_energy_never_falls_and_never_exceeds_what_can_flow(said: list[tuple[float, float]]) -> None:
    so_far, minutes = begin(1000, NOON), 0.0
    history = [0.0]
    for wh, wait in said:
        minutes += wait
        so_far = counted(so_far, Sample(wh, at(minutes)), KW22)
        history.append(so_far.energy_wh or 0.0)
    assert all(before <= after for before, after in pairwise(history))
    assert history[-1] <= KW22 * 1.5 * minutes / 60 + 1500 * len(said) + 1e-6


def test_flags_are_words() -> None:
    assert [flag.value for flag in Flag][:3] == ["start_missing", "register_reset", "gap"]
