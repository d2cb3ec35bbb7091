"""Scenario 26, whole sites in simulated time: a hub that restarts reads before it commands; no burst, no pause."""

import random

import pytest

from hub.model.ids import ChargerId
from tests.hub.balance.closed_loop import Loop, Wire, sedan
from tests.hub.balance.drawings import charger, one_fuse
from tests.hub.balance.test_scenarios import chargers, near, never_over

pytestmark = pytest.mark.scenario


def test_hub_start_with_running_cars_neither_bursts_nor_pauses():
    wires = {"c0": Wire(), "c1": Wire(answers_at_s=8.0), "c2": Wire(answers_at_s=15.0)}
    loop = Loop(one_fuse(32, *chargers(3), meter="main"), wires=wires)
    for id in ("c0", "c1", "c2"):
        loop.plug(id, at_a=8.0)
    loop.run(14.5)
    assert loop.sent == []
    assert loop.text("c0") == "waiting to hear from c2"
    assert loop.amps() == near(8, 8, 8)
    assert loop.run(30).amps() == near(10.5, 10.5, 10.5)
    assert min(limit_a for _, _, limit_a in loop.sent) > 8
    assert never_over(loop)


def test_hub_restart_in_mid_session_changes_nothing():
    loop = Loop(one_fuse(32, *chargers(2), meter="main"))
    loop.plug("c0")
    loop.plug("c1")
    before = loop.run(60).amps()
    loop.restart_hub()
    loop.sent.clear()
    assert loop.run(60).amps() == near(*before)
    assert all(abs(limit_a - before[0]) < 0.5 for _, _, limit_a in loop.sent)
    assert never_over(loop)


FULL = (12.0, 12.0, 12.0)  # of 40 A, for the restarts below: three cars share 27.5 A


def full_site(*, meter_s: float = 1.0, reaction_s: float = 2.0, **wires: Wire) -> Loop:
    """Three cars at a full fuse, settled."""
    loop = Loop(one_fuse(40, *chargers(3), meter="main"), lambda t: FULL, wires=wires, meter_s=meter_s)
    for id in ("c0", "c1", "c2"):
        loop.plug(id, sedan(reaction_s=reaction_s))
    assert loop.run(90).amps() == near(9.17, 9.17, 9.17)
    assert never_over(loop)
    return loop


def restarted(loop: Loop, **answers_at_s: float) -> float:
    """The hub dies and starts; answers when that was. The chargers dial in after so many seconds."""
    for id, at_s in answers_at_s.items():
        loop.wires[id].answers_at_s = at_s
    loop.restart_hub()
    loop.sent.clear()
    return loop.t


@pytest.mark.parametrize("last_s", [0.3, 1.1, 2.9, 3.1, 8.0])
@pytest.mark.parametrize("meter_s", [1.0, 3.0])
@pytest.mark.parametrize("sample_s", [1.0, 10.0])
def test_scenario_26_nothing_is_given_out_before_the_meter_has_spoken_anew(last_s, meter_s, sample_s):
    """Until the last charger answered, its maximum was kept free, and the house seemed small in the meter's sum."""
    loop = full_site(meter_s=meter_s, **{f"c{i}": Wire(sample_s=sample_s) for i in range(3)})
    before = loop.amps()
    restarted(loop, c1=0.2, c2=last_s)
    assert loop.run(60).amps() == near(*before)
    assert all(abs(limit_a - before[0]) < 0.5 for _, _, limit_a in loop.sent)
    assert never_over(loop)
    assert loop.decision.waits_for == ()


@pytest.mark.parametrize("killed_s", [0.2, 0.6, 1.5, 3.0])
@pytest.mark.parametrize("sample_s", [1.0, 10.0])
def test_scenario_26_the_hub_dies_just_after_it_has_raised_slow_cars(killed_s, sample_s):
    """They come up after the hub is back: what they do not draw yet is not free."""
    loop = full_site(reaction_s=5.0, **{f"c{i}": Wire(sample_s=sample_s) for i in range(3)})
    loop.unplug("c2")
    loop.run(killed_s)
    restarted(loop, c1=0.2)
    assert loop.run(90).amps("c0", "c1") == near(13.75, 13.75)
    assert never_over(loop)


def test_scenario_26_it_says_whom_it_waits_for():
    loop = full_site(meter_s=5.0)
    restarted(loop, c1=2.0, c2=3.0)
    assert loop.run(1).decision.waits_for == ("c1", "c2")
    assert loop.run(1.5).decision.waits_for == ("c2",)
    assert loop.run(1).decision.waits_for == ("main",)  # it spoke at 0.1 s, and will at 5.1 s
    assert loop.text("c0") == "waiting to hear from meter main"
    assert loop.run(2).decision.waits_for == ()


def test_scenario_26_a_charger_restarts_with_the_hub_and_gives_its_default():
    """Nobody can tell it anything before it is back; the others make room by the meter, and then all share again."""
    loop = full_site()
    restarted(loop, c2=12.0)
    loop.evses[ChargerId("c2")].set_pilot(24.0)
    loop.run(11.5)
    assert loop.commands_to("c2") == []
    assert loop.amps("c0", "c1") == near(0, 0)  # 40 - 12 - 24 are not enough for one
    assert loop.run(5).offers("c2") == near(9.17)
    assert loop.run(15).amps() == near(9.17, 9.17, 9.17)  # what nobody knew is no house load of the last minute
    assert loop.longest_over_s() <= 5


def test_scenario_26_a_charger_is_away_while_the_hub_restarts():
    """It goes on with what it has. For half a minute nobody is raised; after that its maximum is kept free."""
    loop = full_site()
    loop.wires["c2"].silent = True
    restarted(loop)
    loop.unplug("c1")
    loop.run(29)
    assert loop.commands_to("c0") == []
    assert loop.amps("c0", "c2") == near(9.17, 9.17)
    assert loop.text("c0") == "waiting to hear from c2"
    loop.run(60)
    assert loop.text("c2") == "does not answer; 32 A are kept free for it"
    assert loop.decision.waits_for == ()
    loop.wires["c2"].silent = False
    assert loop.run(90).amps("c0", "c2") == near(13.75, 13.75)
    assert never_over(loop)


def test_scenario_26_the_meter_is_silent_while_the_hub_restarts():
    loop = full_site()
    loop.meters_down = True
    restarted(loop, c2=3.0)
    assert loop.run(5).decision.waits_for == ("main",)
    loop.unplug("c1")
    loop.run(40)
    assert loop.decision.waits_for == ()  # the start is over: the meter has a rule of its own
    assert loop.text("c0") == "meter main is silent: nothing is raised"
    assert loop.amps("c0", "c2") == near(9.17, 9.17)
    loop.meters_down = False
    assert loop.run(90).amps("c0", "c2") == near(13.75, 13.75)
    assert never_over(loop)


def test_a_charger_that_comes_back_is_no_reason_to_raise_before_the_meter_has_spoken():
    drawn = one_fuse(40, charger("c0"), charger("c1", fallback_a=16.0), meter="main")
    loop = Loop(drawn, lambda t: FULL, meter_s=5.0)
    loop.plug("c0")
    loop.plug("c1")
    assert loop.run(90).amps() == near(13.75, 13.75)
    loop.lose("c1")
    loop.wires["c1"].silent = True
    loop.run(120)
    assert loop.text("c1") == "does not answer; 16 A are kept free for it"
    loop.sent.clear()
    loop.wires["c1"].silent = False
    loop.find("c1")
    loop.run(0.2)
    assert loop.text("c0") == "waiting to hear from meter main"
    assert loop.decision.waits_for == ()  # no start of the hub
    assert loop.run(90).amps() == near(13.75, 13.75)
    assert never_over(loop)


def restart_by_chance(seed: int) -> tuple[Loop, list[float]]:
    """Any cars, any times of answers, and often a charger that comes up with its default.

    With it the moments of too much current, counted from when the last charger has answered and its car has followed.
    """
    chance = random.Random(seed)
    loop = full_site(reaction_s=1.0, **{f"c{i}": Wire(sample_s=chance.choice([1.0, 5.0, 10.0])) for i in range(3)})
    for evse in loop.evses.values():
        assert evse.car is not None
        evse.car.model = sedan(reaction_s=chance.choice([1.0, 2.0, 5.0]))
    answers = {id: chance.uniform(0, 9) for id in ("c0", "c1", "c2")}
    began_s = restarted(loop, **answers)
    if chance.random() < 0.6:
        loop.evses[ChargerId("c2")].set_pilot(chance.choice([24.0, 28.0, 32.0]))
    over: list[float] = []
    for _ in range(600):
        loop.run(0.1)
        if max(loop.truth.current_a("grid")) > 40.05:
            over.append(loop.t - began_s - max(answers.values()) - 6.5)
    return loop, over


@pytest.mark.parametrize("seed", range(24))
def test_scenario_26_whatever_happens_during_the_start_nothing_is_given_out_that_is_not_there(seed):
    loop, over = restart_by_chance(seed)
    assert [s for s in over if s > 0] == []
    assert loop.amps() == near(9.17, 9.17, 9.17)
