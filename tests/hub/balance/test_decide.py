"""One decision with its reasons: what each charger has, which limit binds, and the sentence that people read."""

import pytest

from hub.balance.decide import decide
from hub.balance.memory import Memory
from hub.balance.metered import Besides
from hub.core.state import LiveCharger, LiveMeter
from hub.model.charger import Status
from hub.model.grant import Grant, Limiter, Wish
from hub.model.ids import GRID, ChargerId, MeterId
from hub.model.lease import Leasing
from hub.model.reading import MeterReading
from hub.model.site import DeltaPrimary
from hub.model.units import same_on_each
from tests.hub.balance.drawings import GARAGE, L1, L3, charger, circuit, one_fuse, site
from tests.hub.balance.test_metered import AT

NOW_S = 1000.0
LEASES = Leasing(at=AT, lease_s=45.0)


def heard(id: str, status: Status | None = Status.CHARGING, held_a: float | None = 0.0, **more) -> LiveCharger:
    return LiveCharger(ChargerId(id), f"S-{id}", **{"online": True, "status": status, "held_a": held_a, **more})


def remembered(drawn, *heard: LiveCharger, since_s: float = 0.0, **besides) -> Memory:
    memory = Memory(drawn, Besides(**besides), since_s)
    for live in heard:
        memory.hear_charger(live, NOW_S - 100)
    return memory


def meter(memory: Memory, a: float, at_s: float, id: str = "m") -> bool:
    reading = MeterReading(at=AT, current_a=same_on_each(a))
    return memory.hear_meter(LiveMeter(MeterId(id), reading=reading, reading_at_s=at_s), at_s)


def grants(memory: Memory, now_s: float = NOW_S) -> dict[str, Grant]:
    return dict(decide(memory, now_s).grants)


def said(memory: Memory, id: str, now_s: float = NOW_S) -> tuple[float, Limiter, str]:
    grant = grants(memory, now_s)[ChargerId(id)]
    return grant.limit_a, grant.limiter, grant.text


TWO = [charger("c0"), charger("c1")]
WAITS = "waits: 6 A needed, 0.2 A left on Garage circuit L1"


@pytest.mark.parametrize(
    ("live", "wish", "expected"),
    [
        (heard("c0"), None, (20, Limiter.CIRCUIT, "20 A because Grid connection L1 is full (20 A)")),
        (heard("c0"), Wish(limit_a=10.0), (10, Limiter.REQUEST, "limited to 10 A by request")),
        (heard("c0"), Wish(limit_a=4.0), (0, Limiter.REQUEST, "0 A: limited to 4 A by request, and a car needs 6 A")),
        (heard("c0"), Wish(limit_a=0.0), (0, Limiter.REQUEST, "limited to 0 A by request")),
        (heard("c0"), Wish(allow=False), (0, Limiter.PAUSED, "paused by request")),
        (heard("c0", Status.AVAILABLE), None, (0, Limiter.NO_CAR, "no car")),
        (heard("c0", Status.FAULTED), None, (0, Limiter.FAULT, "out of order")),
        (heard("c0", online=False), None, (32, Limiter.UNREACHABLE, "does not answer; 32 A are kept free for it")),
    ],
)
def test_one_charger(live, wish, expected):
    memory = remembered(one_fuse(20, charger("c0")), live)
    if wish is not None:
        memory.wishes[ChargerId("c0")] = wish
    assert said(memory, "c0") == expected


def test_its_own_maximum():
    assert said(remembered(one_fuse(32, charger("c0", max_a=16.0)), heard("c0")), "c0") == (
        16,
        Limiter.CHARGER,
        "own maximum 16 A",
    )


def test_the_fuse_is_named_with_circuit_and_line():
    drawn = site([circuit("grid", 63), circuit("garage", 20)], [charger(f"c{i}", "garage") for i in range(3)])
    found = grants(remembered(drawn, *(heard(f"c{i}") for i in range(3))))
    assert {grant.text for grant in found.values()} == {"6.6 A because Garage circuit L1 is full (20 A)"}
    assert {(grant.circuit, grant.phase) for grant in found.values()} == {(GARAGE, L1)}


def test_a_transformer_s_primary_is_named():
    drawn = site([circuit("grid", 100, primary=DeltaPrimary(same_on_each(10.0), 1.0))], [charger("c0", phases=(L3,))])
    assert said(remembered(drawn, heard("c0")), "c0") == (
        10,
        Limiter.CIRCUIT,
        "10 A because Grid connection L1 (transformer's primary side) is full (10 A)",
    )


def test_who_waits_learns_how_much_is_missing():
    drawn = site([circuit("grid", 63), circuit("garage", 20)], [charger(f"c{i}", "garage") for i in range(4)])
    memory = remembered(drawn, *(heard(f"c{i}", held_a=6.6) for i in range(3)), heard("c3", Status.PREPARING))
    assert said(memory, "c3") == (0, Limiter.QUEUE, f"{WAITS}; number 1 in the queue")
    assert grants(memory)["c3"].circuit == GARAGE


def test_who_can_start_only_after_others_went_down():
    memory = remembered(one_fuse(32, *TWO), heard("c0", held_a=32.0), heard("c1", Status.PREPARING))
    decision = decide(memory, NOW_S)
    assert [(c.charger, c.limit_a) for c in decision.commands] == [("c0", 16)]
    assert decision.grants["c1"].limiter is Limiter.WAITING_FOR_OTHERS
    assert decision.grants["c1"].text == "others must slow down first"


def test_the_lower_class_has_its_minimum():
    drawn = one_fuse(32, charger("c0"), charger("c1", priority=1))
    found = grants(remembered(drawn, heard("c0"), heard("c1")))
    assert {id: grant.limit_a for id, grant in found.items()} == {"c0": 6, "c1": 26}


def test_while_somebody_has_not_answered_nothing_is_raised():
    drawn = one_fuse(63, *TWO, charger("c2"))
    memory = remembered(drawn, heard("c0", held_a=8.0), since_s=NOW_S - 10)
    assert said(memory, "c0") == (8, Limiter.STARTING, "waiting to hear from 2 chargers")
    assert said(memory, "c1") == (32, Limiter.STARTING, "waiting to hear from 2 chargers")
    memory.hear_charger(heard("c1"), NOW_S)
    assert said(memory, "c0")[2] == "waiting to hear from c2"
    memory.hear_charger(heard("c2", Status.AVAILABLE), NOW_S)
    assert said(memory, "c0")[0] == 31.5


def test_the_start_is_over_when_each_meter_has_spoken_since_the_last_charger_did():
    circuits = [circuit("grid", 63, meter="m"), circuit("garage", 32, meter="n")]
    drawn = site(circuits, [charger("c0", "garage"), charger("c1")])
    memory = remembered(drawn, heard("c0", held_a=8.0), since_s=NOW_S - 10)
    for id in ("m", "n"):
        meter(memory, 8.0, NOW_S, id)
    assert decide(memory, NOW_S).waits_for == ("c1",)
    memory.hear_charger(heard("c1", held_a=None), NOW_S + 1)
    assert decide(memory, NOW_S + 1).waits_for == ("c1",)  # it is here, and has not said what it holds
    memory.hear_charger(heard("c1", held_a=8.0), NOW_S + 2)
    assert decide(memory, NOW_S + 2).waits_for == ("m",)  # in n's circuit everybody was known
    assert meter(memory, 8.0, NOW_S + 3)  # the sample that was waited for asks for a decision
    assert not meter(memory, 8.0, NOW_S + 4)
    assert decide(memory, NOW_S + 4).waits_for == ()


def test_the_start_waits_for_a_charger_half_a_minute_and_for_a_meter_ten_seconds():
    memory = remembered(one_fuse(32, charger("c0"), meter="m"), since_s=NOW_S)
    assert decide(memory, NOW_S + 29).waits_for == ("c0",)
    assert memory.runs_out(NOW_S + 29, NOW_S + 30)
    assert decide(memory, NOW_S + 30).waits_for == ()
    memory = remembered(one_fuse(32, charger("c0"), meter="m"), since_s=NOW_S)
    memory.hear_charger(heard("c0", held_a=8.0), NOW_S + 1)
    assert said(memory, "c0", NOW_S + 11)[2] == "waiting to hear from meter m"
    assert memory.runs_out(NOW_S + 11, NOW_S + 11.1)
    assert said(memory, "c0", NOW_S + 12)[2] == "meter m is silent: nothing is raised"


def test_a_charger_that_is_heard_first_is_read_before_it_is_commanded():
    memory = remembered(one_fuse(32, *TWO), since_s=NOW_S - 10)
    memory.hear_charger(heard("c0", held_a=None), NOW_S)
    assert decide(memory, NOW_S).commands == ()
    (command,) = decide(memory, NOW_S + 5).commands  # it had its time to say what it holds
    assert (command.charger, command.limit_a) == ("c0", 32)


def test_an_idle_charger_of_unknown_limit_is_told_nothing_may_flow():
    memory = remembered(one_fuse(32, *TWO), since_s=NOW_S - 10)
    memory.hear_charger(heard("c0", Status.AVAILABLE, held_a=None), NOW_S)
    (command,) = decide(memory, NOW_S).commands
    assert (command.charger, command.limit_a) == ("c0", 0)


def test_a_silent_meter_forbids_raises_below_it_only():
    circuits = [circuit("grid", 100), circuit("garage", 32, meter="m"), circuit("carport", 32)]
    drawn = site(circuits, [charger("c0", "garage"), charger("c1", "carport")])
    memory = remembered(drawn, heard("c0", held_a=8.0), heard("c1", held_a=8.0))
    meter(memory, 12.0, NOW_S - 11)
    assert said(memory, "c0") == (8, Limiter.METER, "meter m is silent: nothing is raised")
    assert said(memory, "c1")[0] == 32


def test_a_sample_over_the_limit_lowers_by_the_excess_at_once():
    drawn = one_fuse(35, *TWO, meter="m")
    memory = remembered(
        drawn, *(heard(f"c{i}", held_a=12.0, line_a=same_on_each(12.0)) for i in range(2)), margin_a=0.0
    )
    for id in ("c0", "c1"):
        live = heard(id, held_a=12.0, line_a=same_on_each(12.0), reading_at_s=NOW_S)
        memory.hear_charger(live, NOW_S)
    assert meter(memory, 46.0, NOW_S)
    decision = decide(memory, NOW_S)
    assert {c.charger: c.limit_a for c in decision.commands} == {"c0": 6.5, "c1": 6.5}


def test_more_is_given_only_as_far_as_the_worst_minute_leaves():
    memory = remembered(one_fuse(32, charger("c0"), meter="m"), heard("c0", held_a=10.0), margin_a=0.0)
    for at_s, house in ((NOW_S - 50, 20.0), (NOW_S - 3, 2.0), (NOW_S - 2, 2.0), (NOW_S - 1, 2.0)):
        memory.hear_charger(heard("c0", held_a=10.0, line_a=same_on_each(10.0), reading_at_s=at_s), at_s)
        meter(memory, 10.0 + house, at_s)
    assert said(memory, "c0")[0] == 12  # not 30
    assert said(memory, "c0", NOW_S + 8)[0] == 12


def test_a_running_car_stays_though_it_could_not_start():
    memory = remembered(one_fuse(32, *TWO, meter="m"), heard("c0", held_a=7.0, leasing=LEASES), margin_a=0.0)
    memory.hear_charger(heard("c1", Status.PREPARING, leasing=LEASES), NOW_S - 100)
    for at_s, house in ((NOW_S - 50, 28.0), (NOW_S - 1, 24.0)):
        memory.hear_charger(heard("c0", held_a=7.0, leasing=LEASES, line_a=same_on_each(7.0), reading_at_s=at_s), at_s)
        meter(memory, 7.0 + house - 3.0, at_s)
    found = grants(memory)
    assert (found["c0"].limit_a, found["c1"].limit_a) == (7, 0)
    assert found["c1"].limiter is Limiter.QUEUE


def test_a_charger_that_refuses_is_left_alone_then_asked_again():
    memory = remembered(one_fuse(32, *TWO), heard("c0", held_a=20.0), heard("c1", held_a=6.0))
    memory.tracks["c0"].send(16.0)
    memory.tracks["c0"].failed(16.0, NOW_S, refused=True)
    assert said(memory, "c0") == (20, Limiter.CHARGER, "refused 16 A; 20 A are kept free for it, and it is asked again")
    assert said(memory, "c1")[0] == 12
    assert {c.charger: c.limit_a for c in decide(memory, NOW_S + 14).commands} == {"c1": 12}
    assert {c.charger: c.limit_a for c in decide(memory, NOW_S + 15).commands} == {"c0": 16, "c1": 12}


def test_a_new_drawing_keeps_the_past_of_what_is_still_there():
    memory = remembered(one_fuse(32, *TWO, meter="m"), heard("c0", held_a=8.0), heard("c1", held_a=8.0), margin_a=0.0)
    meter(memory, 20.0, NOW_S)
    memory.redraw(one_fuse(40, charger("c0"), charger("c2"), meter="m"), NOW_S)
    assert memory.tracks.keys() == {"c0", "c2"}
    assert memory.tracks["c0"].held_a == 8
    assert memory.backgrounds.watches[GRID].meter_a == same_on_each(20.0)
    assert said(memory, "c0")[1] is Limiter.STARTING  # c2 is new and has not answered


def test_time_runs_out_for_the_lost_the_silent_and_the_failed():
    memory = remembered(one_fuse(32, *TWO, meter="m"), heard("c0", held_a=8.0), since_s=NOW_S - 100)
    meter(memory, 20.0, NOW_S)
    assert not memory.runs_out(NOW_S + 1, NOW_S + 2)
    assert memory.runs_out(NOW_S + 10, NOW_S + 10.5)  # the meter
    memory.tracks["c0"].failed(16.0, NOW_S, refused=False)
    assert memory.runs_out(NOW_S + 14, NOW_S + 15)
    memory.hear_charger(heard("c0", online=False), NOW_S + 20)
    assert memory.runs_out(NOW_S + 24, NOW_S + 25)


def test_an_empty_site_has_nothing_to_decide():
    decision = decide(Memory(one_fuse(32), Besides(), 0.0), 1.0)
    assert (decision.commands, dict(decision.grants)) == ((), {})
