"""The fast loop by itself: what it lowers, whom it lets be, and that it never raises."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.balance.decide import decide
from hub.balance.guard import guard
from hub.balance.memory import Memory
from hub.core.state import LiveMeter
from hub.model.ids import MeterId
from hub.model.reading import MeterReading
from hub.model.site import Site
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import L1, L3, charger, circuit, one_fuse, site
from tests.hub.balance.test_decide import NOW_S, heard, remembered
from tests.hub.balance.test_metered import AT


def charging(drawn: Site, **amps: float) -> Memory:
    """Cars that draw what they hold, measured a moment ago."""
    memory = remembered(drawn, *(heard(id, held_a=a) for id, a in amps.items()), margin_a=0.0)
    draw(memory, NOW_S, **amps)
    return memory


def draw(memory: Memory, at_s: float, **amps: float) -> None:
    for id, a in amps.items():
        phases = memory.site.chargers[id].phases or ()
        line_a = PerPhase(*(a if line in phases else 0.0 for line in ("L1", "L2", "L3")))
        memory.hear_charger(heard(id, held_a=a, line_a=line_a, reading_at_s=at_s), at_s)


def measure(memory: Memory, at_s: float, l1: float, l2: float, l3: float, id: str = "m") -> None:
    reading = MeterReading(at=AT, current_a=PerPhase(l1, l2, l3))
    memory.hear_meter(LiveMeter(MeterId(id), reading=reading, reading_at_s=at_s), at_s)


def told(memory: Memory, now_s: float = NOW_S) -> dict[str, float]:
    return {command.charger: command.limit_a for command in guard(memory, now_s)}


def test_within_the_limit_it_does_nothing():
    memory = charging(one_fuse(35, charger("c0"), charger("c1"), meter="m"), c0=12.0, c1=12.0)
    measure(memory, NOW_S, 35.0, 24.0, 24.0)
    assert told(memory) == {}
    assert decide(memory, NOW_S + 20).commands == ()


def test_the_excess_is_taken_from_the_cars_at_once():
    memory = charging(one_fuse(35, charger("c0"), charger("c1"), meter="m"), c0=12.0, c1=12.0)
    measure(memory, NOW_S, 24.0, 46.0, 24.0)
    assert told(memory) == {"c0": 6.5, "c1": 6.5}  # 11 A less


def test_at_first_nobody_stops_and_a_second_later_who_came_last_does():
    memory = charging(one_fuse(35, charger("c0"), charger("c1"), meter="m"), c0=12.0, c1=12.0)
    measure(memory, NOW_S, 24.0, 52.0, 24.0)
    assert told(memory) == {"c0": 7, "c1": 6}
    measure(memory, NOW_S + 1, 24.0, 52.0, 24.0)
    assert told(memory, NOW_S + 1) == {"c0": 7, "c1": 0}


def test_cars_on_other_lines_and_in_other_circuits_are_let_be():
    circuits = [circuit("grid", 100), circuit("garage", 32, meter="m"), circuit("carport", 32)]
    chargers = [charger("c0", "garage", (L3,)), charger("c1", "garage", (L1,)), charger("c2", "carport", (L3,))]
    memory = charging(site(circuits, chargers), c0=16.0, c1=16.0, c2=16.0)
    measure(memory, NOW_S, 16.0, 0.0, 38.0)
    assert told(memory) == {"c0": 10}


@settings(max_examples=60, deadline=None)
@given(
    held=st.lists(st.sampled_from([0.0, 6.0, 9.5, 16.0, 32.0]), min_size=3, max_size=3),
    meter=st.lists(st.floats(-20, 120), min_size=3, max_size=3),
    seconds=st.integers(0, 3),
)
def test_it_never_raises(held, meter, seconds):
    drawn = one_fuse(35, charger("c0"), charger("c1", phases=(L1,)), charger("c2", phases=None), meter="m")
    memory = charging(drawn, c0=held[0], c1=held[1], c2=held[2])
    for second in range(seconds + 1):
        measure(memory, NOW_S + second, *meter)
        for command in guard(memory, NOW_S + second):
            assert command.limit_a < held[int(command.charger[1])]
            assert command.limit_a == 0 or command.limit_a >= 6


def test_while_a_circuit_is_above_its_limit_the_allocator_raises_nobody_below_it():
    memory = charging(one_fuse(35, charger("c0"), charger("c1", phases=(L1,)), meter="m"), c0=6.0, c1=6.0)
    measure(memory, NOW_S, 12.0, 6.0, 40.0)
    commands = {c.charger: c.limit_a for c in decide(memory, NOW_S).commands}
    assert "c0" not in commands
    assert commands["c1"] > 6  # it is on L1


def test_a_meter_without_a_fresh_sample_guards_nothing():
    memory = charging(one_fuse(35, charger("c0"), meter="m"), c0=12.0)
    measure(memory, NOW_S, 46.0, 46.0, 46.0)
    assert told(memory, NOW_S + 11) == {}
    assert same_on_each(True) == memory.backgrounds.watches["grid"].alert.over
