"""The benchmark's adapter: its words become ours, and the allocator's answer comes back by charger."""

from benchmarks.evbench_adapter import demand, drawing, factory
from hub.model.charger import Connection
from hub.model.units import PerPhase
from tests.hub.balance.drawings import L1, L3

SITE = {
    "circuits": [
        {
            "id": "tx",
            "parent": None,
            "limit_a": [100, 100, 100],
            "delta_primary": {"limit_a": [20, 20, 20], "turns": 4},
        },
        {"id": "pod", "parent": "tx", "limit_a": [None, 30, 30]},
        {"id": "free", "parent": "tx"},
    ],
    "chargers": [
        {"id": "a", "circuit": "pod", "connection": "ln", "phases": ["L2", "L3", "L1"], "min_a": 6, "max_a": 32},
        {"id": "b", "circuit": "free", "connection": "ll", "phases": ["L3", "L1"], "min_a": 6, "max_a": 32},
    ],
}


def session(charger: str, **more) -> dict:
    said = {
        "phases": 1,
        "arrival_s": 0,
        "delivered_kwh": 0.0,
        "max_a": 32.0,
        "min_a": 6,
        "priority": 0,
        "finished": False,
    }
    return {"charger": charger, **said, **more}


def test_the_tree_and_its_chargers():
    drawn = drawing(SITE)
    tx, pod, free = drawn.circuits.values()
    assert (tx.primary.limit_a, tx.primary.turns) == (PerPhase(20, 20, 20), 4)
    assert (pod.limit_a, free.limit_a) == (PerPhase(float("inf"), 30, 30), PerPhase(*[float("inf")] * 3))
    assert (drawn.chargers["b"].connection, drawn.chargers["b"].phases) == (Connection.LL, (L3, L1))


def test_a_step():
    currents = factory(SITE, "blind")
    sessions = [session("a"), session("b")]
    # a loads L2 behind the pod's 30 A; b's 2 x 32 / 4 on the primary L1... of 20 A, and base 10 less sun 4 on each line
    got = currents({"base_a": [10, 10, 10], "pv_a": [4, 4, 4], "sessions": sessions})
    assert got["a"] == 30
    assert 6 <= got["b"] <= 32
    assert currents({"base_a": [0, 0, 0], "pv_a": [0, 0, 0], "sessions": [session("a", finished=True)]}) == {}


def test_who_was_served_least_comes_first():
    first, second = demand(session("a", delivered_kwh=1.2, arrival_s=9e5)), demand(session("b", delivered_kwh=4.0))
    assert first.rank < second.rank
    assert demand(session("a", phases=2, max_a=16.0)).terminals == 2
