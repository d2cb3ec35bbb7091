"""Places in the queue, and who changes them when a turn is over."""

import pytest

from hub.balance.network import Background, Network
from hub.balance.queue import Place, Queue, Seat, Turns, swaps
from hub.model.ids import ChargerId
from hub.model.site import Site
from hub.model.units import PerPhase
from tests.hub.balance.drawings import L1, L2, L3, charger, circuit, one_fuse, site

A, B, C, D = (ChargerId(id) for id in "abcd")


def seats(network: Network, drawn: Site, *ids: str, **priority: int) -> list[Seat]:
    return [Seat(ChargerId(id), network.column(ChargerId(id)), 6.0, priority.get(id, 0)) for id in ids]


def changes(drawn: Site, on: str, waiting: str, stay: str = "", house: float = 0.0, **priority: int) -> list[str]:
    """Who comes for whom: `c<a` is c in place of a."""
    network = Network(drawn)
    load = network.load(Background({drawn.grid.id: PerPhase(house, house, house)}))
    places = seats(network, drawn, *on, **priority), seats(network, drawn, *waiting, **priority)
    found = swaps(network, load, *places, {ChargerId(id) for id in on if id not in stay})
    return [f"{comes}<{''.join(go)}" for comes, go in found]


THREE = one_fuse(12, *(charger(id) for id in "abcd"))
MIXED = one_fuse(12, charger("a", phases=(L1,)), charger("b", phases=(L2,)), charger("c"), charger("d", phases=(L3,)))


@pytest.mark.parametrize(
    ("drawn", "on", "waiting", "more", "expected"),
    [
        (THREE, "ab", "cd", {}, ["c<a"]),  # one car a turn, the longest on for the longest waiting
        (THREE, "ab", "cd", {"stay": "a"}, ["c<b"]),  # a has just begun
        (THREE, "ab", "cd", {"stay": "ab"}, []),
        (THREE, "ab", "cd", {"a": 1}, ["c<b"]),  # nobody makes room for a lower priority
        (THREE, "ab", "cd", {"a": 1, "b": 1}, []),
        (THREE, "a", "b", {}, []),  # it fits by itself
        (THREE, "ab", "c", {"house": 7.0}, []),  # nor would it help: not even one fits
        (MIXED, "abd", "c", {}, []),  # they leave 6 A on each line
        (MIXED, "abd", "c", {"house": 3.0}, ["c<abd"]),  # three make room for one that needs all their lines
    ],
)
def test_who_changes_places(drawn, on, waiting, more, expected):
    assert changes(drawn, on, waiting, **more) == expected


def test_each_full_circuit_has_turns_of_its_own():
    circuits = [circuit("grid", 100), circuit("garage", 6), circuit("carport", 6)]
    chargers = [charger("a", "garage"), charger("b", "garage"), charger("c", "carport"), charger("d", "carport")]
    assert changes(site(circuits, chargers), "ac", "bd") == ["b<a", "d<c"]


def queue(**places: Place) -> Queue:
    return Queue(Turns(turn_s=900.0, least_off_s=300.0), {ChargerId(id): place for id, place in places.items()})


def in_order(found: Queue) -> str:
    return "".join(sorted(found.places, key=lambda id: found.key(id, found.places[id])))


def test_who_has_its_turn_comes_before_who_waits_and_of_either_the_first():
    found = queue(a=Place(False, 10, 10), b=Place(True, 30, 5), c=Place(True, 20, 20), d=Place(False, 5, 5))
    assert in_order(found) == "cbda"


def test_who_is_stopped_before_its_turn_is_over_keeps_its_place_and_rests():
    found = queue(a=Place(True, 100, 40, ran=True), b=Place(False, 50, 50), c=Place(True, 0, 0, ran=True))
    found.note(A, 400.0, on=False, runs=True)
    found.note(C, 901.0, on=False, runs=True)
    assert in_order(found) == "abc"
    assert [found.rests(A, now_s) for now_s in (400.0, 699.0, 700.0)] == [True, True, False]
    assert not found.rests(B, 400.0)


def test_who_never_had_current_does_not_rest():
    found = queue(a=Place(True, 100, 40))
    found.note(A, 110.0, on=False, runs=False)
    assert not found.rests(A, 111.0)


def test_who_does_not_want_any_more_loses_its_place():
    found = queue(a=Place(False, 10, 10), b=Place(True, 30, 5))
    found.attend({A: Place(True, 99, 99), D: Place(False, 60, 60)})
    assert found.places == {A: Place(False, 10, 10), D: Place(False, 60, 60)}


def turns_in(
    found: Queue, seconds: range, ahead_s: float = 0.0, leap_at_s: int = 10**9, leap_s: float = 0.0
) -> list[int]:
    return [s for s in seconds if found.due(float(s), s + ahead_s + (leap_s if s >= leap_at_s else 0.0))]


def test_turns_end_by_the_clock_on_the_wall():
    assert turns_in(queue(), range(3000), ahead_s=100.0) == [800, 1700, 2600]


@pytest.mark.parametrize(
    ("leap_s", "expected"),
    [
        (600.0, [900, 2100]),  # 1000 s are 1600 on the wall then; 1200 s are a quarter, too soon after 900
        (-600.0, [900, 1500, 2400]),
        (3600.0, [900, 1800, 2700]),  # an hour, as for the summer: no difference
    ],
)
def test_a_leap_of_the_wall_clock_makes_no_second_turn(leap_s, expected):
    assert turns_in(queue(), range(2900), leap_at_s=850, leap_s=leap_s) == expected


def test_without_turns_nobody_can_say_when():
    found = Queue(Turns(turn_s=0.0), {A: Place(False, 0, 0)})
    assert turns_in(found, range(2000)) == []
    assert found.until_s(A, 1) is None


def test_when_it_may_be_whose_turn():
    found = queue(a=Place(False, 0, 0), b=Place(False, 850, 850, stopped_s=850))
    found.due(100.0, 100.0)
    assert [found.until_s(A, position) for position in (1, 2)] == [900, 1800]
    assert found.until_s(B, 1) == 1150  # it rests longer
