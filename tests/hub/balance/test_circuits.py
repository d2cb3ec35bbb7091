"""What each circuit shows: measured, summed, or unknown."""

from datetime import UTC, datetime

import pytest

from hub.balance.circuits import survey
from hub.balance.memory import Memory
from hub.balance.metered import Besides
from hub.core.state import LiveCharger, LiveCircuit, LiveMeter, Picture
from hub.model.charger import Status
from hub.model.grant import Grant, Limiter
from hub.model.ids import GRID, ChargerId, MeterId
from hub.model.reading import ChargerReading, MeterReading
from hub.model.units import PerPhase
from tests.hub.balance.drawings import GARAGE, L1, L2, L3, between, charger, circuit, one_fuse, site

AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW_S = 100.0
NONE = PerPhase(None, None, None)


def charging(id: str, *line_a: float, watts: float | None = 1000.0, **more) -> LiveCharger:
    live = LiveCharger(ChargerId(id), f"S-{id}", online=True, status=Status.CHARGING)
    live.line_a = PerPhase(*line_a) if line_a else None
    live.reading = ChargerReading(at=AT, power_w=watts)
    for name, value in more.items():
        setattr(live, name, value)
    return live


def seen(drawn, *chargers: LiveCharger, meters: dict[str, MeterReading] | None = None, at_s: float = NOW_S):
    picture = Picture(drawn, chargers={live.id: live for live in chargers})
    memory = Memory(drawn, Besides(), 0.0)
    for id, reading in (meters or {}).items():
        memory.hear_meter(LiveMeter(MeterId(id), reading=reading, reading_at_s=at_s), at_s)
    return memory, picture


def circuits(*args, **more) -> dict[str, LiveCircuit]:
    return survey(*seen(*args, **more), AT, NOW_S)


def test_what_hangs_on_it_is_summed_by_line_up_the_tree():
    drawn = site([circuit("grid", 63), circuit("garage", 20)], [charger("c0", "garage"), charger("c1", phases=(L2,))])
    found = circuits(drawn, charging("c0", 10.0, 9.0, 0.0), charging("c1", 0.0, 7.0, 0.0))
    assert found[GARAGE].current_a == PerPhase(10, 9, 0)
    assert found[GARAGE].headroom_a == PerPhase(10, 11, 20)
    assert found[GRID].current_a == PerPhase(10, 16, 0)
    assert (found[GARAGE].power_w, found[GRID].power_w) == (1000, 2000)
    assert not found[GRID].measured


def test_a_meter_is_believed_before_any_sum():
    drawn = site([circuit("grid", 63), circuit("garage", 20, meter="g")], [charger("c0", "garage"), charger("c1")])
    reading = MeterReading(at=AT, current_a=PerPhase(12.0, -3.0, 0.0), total_w=2070.0)
    found = circuits(drawn, charging("c0", 10.0, 0.0, 0.0), charging("c1", 5.0, 5.0, 5.0), meters={"g": reading})
    assert found[GARAGE].current_a == PerPhase(12, -3, 0)
    assert found[GRID].current_a == PerPhase(17, 2, 5)
    assert (found[GARAGE].measured, found[GRID].power_w) == (True, 3070)


@pytest.mark.parametrize(
    "live",
    [
        charging("c0"),  # charges and does not say how much
        charging("c0", 5.0, 5.0, 5.0, online=False),
        LiveCharger(ChargerId("c0"), "S-c0"),  # not heard yet
    ],
)
def test_unknown_stays_unknown(live):
    found = circuits(site([circuit("grid", 63), circuit("garage", 20)], [charger("c0", "garage")]), live)
    assert found[GRID].current_a == found[GARAGE].headroom_a == NONE
    assert found[GRID].power_w is None


def test_an_idle_charger_without_a_reading_carries_nothing():
    idle = LiveCharger(ChargerId("c0"), "S-c0", online=True, status=Status.AVAILABLE)
    found = circuits(one_fuse(32, charger("c0")), idle)
    assert (found[GRID].current_a, found[GRID].power_w) == (PerPhase(0, 0, 0), 0)


def test_a_silent_meter_shows_nothing():
    drawn = one_fuse(32, charger("c0"), meter="m")
    reading = MeterReading(at=AT, current_a=PerPhase(40.0, 0.0, 0.0))
    found = circuits(drawn, charging("c0", 5.0, 5.0, 5.0), meters={"m": reading}, at_s=NOW_S - 11)
    assert (found[GRID].current_a, found[GRID].over, found[GRID].measured) == (NONE, False, True)


@pytest.mark.parametrize(("l1", "over"), [(32.05, False), (32.2, True), (-40.0, False)])
def test_over(l1, over):
    reading = MeterReading(at=AT, current_a=PerPhase(l1, 0.0, 0.0))
    assert circuits(one_fuse(32, meter="m"), meters={"m": reading})[GRID].over is over


def test_a_line_without_a_limit_has_no_headroom():
    found = circuits(one_fuse(PerPhase(32.0, float("inf"), 20.0), charger("c0")), charging("c0", 5.0, 5.0, 5.0))
    assert found[GRID].headroom_a == PerPhase(27, None, 15)


def test_line_to_line_currents_add_as_phasors():
    drawn = one_fuse(80, between("c0", L1, L2), between("c1", L3, L1))
    found = circuits(drawn, charging("c0", 10.0, 10.0, 0.0), charging("c1", 10.0, 0.0, 10.0))
    assert found[GRID].current_a == PerPhase(pytest.approx(17.32, abs=0.01), 10, 10)


def test_binding_is_where_a_grant_says_so():
    drawn = site([circuit("grid", 63), circuit("garage", 20)], [charger("c0", "garage")])
    memory, picture = seen(drawn, charging("c0", 5.0, 5.0, 5.0))
    picture.grants[ChargerId("c0")] = Grant(
        charger=ChargerId("c0"), limit_a=20.0, limiter=Limiter.CIRCUIT, text="", circuit=GARAGE, phase=L1
    )
    found = survey(memory, picture, AT, NOW_S)
    assert (found[GARAGE].binding, found[GRID].binding) == (True, False)
