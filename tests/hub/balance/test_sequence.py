"""Lower first, confirm, then raise: what may go out at one moment, by hand. The fuse is 32 A unless said."""

import pytest

from hub.balance.network import Background, Network
from hub.balance.sequence import Command, Move, commands
from hub.model.ids import GRID, ChargerId
from hub.model.units import same_on_each
from tests.hub.balance.drawings import L1, L2, charger, one_fuse


def move(id: str, told: float | None, target: float, might: float | None = None, **more) -> Move:
    """From what it was told to its target; it may draw what it was told unless said."""
    return Move(ChargerId(id), target, told, (32.0 if told is None else told) if might is None else might, **more)


def go(*moves: Move, limit_a: float = 32.0, house_a: float = 0.0, reserved: float = 0.0) -> list[tuple[str, float]]:
    network = Network(one_fuse(limit_a, *(charger(f"c{i}") for i in range(4))))
    background = Background({GRID: same_on_each(house_a)}, {ChargerId("c3"): reserved})
    return [(command.charger, command.limit_a) for command in commands(network, moves, background)]


@pytest.mark.parametrize(
    ("moves", "sent"),
    [
        # nothing to do
        ([move("c0", 16, 16), move("c1", 16, 16)], []),
        # a second car: the first is lowered now, the second waits
        ([move("c0", 32, 16), move("c1", 0, 16)], [("c0", 16)]),
        # told but not confirmed: it still may draw 32
        ([move("c0", 16, 16, might=32, ready=False), move("c1", 0, 16)], []),
        # confirmed, but still drawing 20
        ([move("c0", 16, 16, might=20), move("c1", 0, 16)], [("c1", 12)]),
        # confirmed and down
        ([move("c0", 16, 16), move("c1", 0, 16)], [("c1", 16)]),
        # it fits in part, but in less than the minimum
        ([move("c0", 16, 16, might=27), move("c1", 0, 16)], []),
        # raises among themselves: the one with less first, and what it may draw from now on counts for the next
        ([move("c0", 10, 22), move("c1", 6, 22)], [("c1", 22)]),
        ([move("c0", 10, 22, priority=1), move("c1", 6, 22)], [("c0", 22), ("c1", 10)]),
        # the largest reduction first
        ([move("c0", 16, 10), move("c1", 16, 6), move("c2", 0, 0)], [("c1", 6), ("c0", 10)]),
        # whose limit is unknown holds its maximum: its first command is a reduction
        ([move("c0", None, 10), move("c1", 6, 22)], [("c0", 10)]),
        ([move("c0", None, 0)], [("c0", 0)]),
        # one that must not be told is left alone, and what it might draw counts
        ([move("c0", 16, 10, ready=False), move("c1", 6, 22)], [("c1", 16)]),
    ],
)
def test_what_may_go_out_now(moves, sent):
    assert go(*moves) == sent


@pytest.mark.parametrize(
    ("told", "target", "more", "sent"),
    [
        (10, 10.4, {}, []),  # not worth a write
        (10, 10.5, {}, [10.5]),
        (6, 6.4, {}, [6.4]),  # at its minimum every bit counts
        (0, 6, {}, [6]),
        (15.8, 16, {"most_a": 16}, [16]),  # all that it can use
        (10, 9.9, {}, [9.9]),  # reductions are never delayed
        (10, 9.97, {}, []),  # the same limit
    ],
)
def test_dead_band(told, target, more, sent):
    assert [a for _, a in go(move("c0", told, target, **more))] == sent


def test_a_raise_leaves_room_for_house_and_reserved():
    assert go(move("c0", 6, 32), house_a=4.0, reserved=10.0) == [("c0", 18)]


def test_a_partial_raise_is_rounded_down_to_the_charger_s_step():
    assert go(move("c0", 6, 32), house_a=4.75) == [("c0", 27.2)]
    assert go(move("c0", 6, 32, step_a=1.0), house_a=4.75) == [("c0", 27)]


def test_nothing_is_raised_on_a_line_that_is_over():
    network = Network(one_fuse(16, charger("c0"), charger("c1", phases=(L1,)), charger("c2", phases=(L2,))))
    moves = [move("c0", 10, 6, might=10), move("c1", 8, 10), move("c2", 0, 6)]
    assert commands(network, moves, Background()) == [Command("c0", 6), Command("c2", 6)]
