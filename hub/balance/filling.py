"""How far a class of chargers can rise together before a limit of the drawing stops each of them. Pure.

While all shares rise with one common level (amps per weight), each is a straight line of the level between two *knees*,
where it leaves its minimum and where it reaches its maximum. So what a corner of the network carries is piecewise
straight too, and the level at which it is full is found from its knees in their order, for all corners at once.

A charger may rise to the lowest of its corners' levels. The corner that is full at the level of all its own chargers
stops them, wherever others stand: what the others do meanwhile never takes anything from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hub.balance.network import Indices, Network, Phasors, Reals, times

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Climb:
    """Who rises: the column of each charger on the network, and its way from the least to the most, by weight."""

    column: Indices
    least: Reals
    most: Reals
    weight: Reals

    def at(self, level: Reals | float) -> Reals:
        """Everybody's amps at a level, or each at its own."""
        reached: Reals = np.clip(self.weight * level, self.least, self.most)
        return reached


@dataclass(slots=True)
class Knees:
    """The knees of everybody who climbs, by corner and level: where, whose, at which level, and how the slope turns."""

    network: Network
    climb: Climb
    touched: Indices = field(init=False)  # corners, an entry for each charger that loads one
    toucher: Indices = field(init=False)  # the charger of each entry
    corner: Indices = field(init=False)
    charger: Indices = field(init=False)
    level: Reals = field(init=False)
    turn: Phasors = field(init=False)

    def __post_init__(self) -> None:
        climb = self.climb
        self.toucher, self.touched, z = self.network.entries(climb.column)
        least, most = (climb.least / climb.weight)[self.toucher], (climb.most / climb.weight)[self.toucher]
        slope = z * climb.weight[self.toucher]
        corner, level = np.tile(self.touched, 2), np.concatenate([least, most])
        order = np.lexsort((level, corner))
        self.corner, self.level = corner[order], level[order]
        self.charger = np.tile(self.toucher, 2)[order]
        self.turn = np.concatenate([slope, -slope])[order]

    def levels(self, rising: Flags, load: Phasors) -> Reals:
        """How far each of the rising may go; `load` is with all of them at their least, and the others as they are."""
        full = self._full(rising[self.charger], load)
        levels = np.full(len(rising), np.inf)
        np.minimum.at(levels, self.toucher, full[self.touched])
        return levels

    def _full(self, meant: Flags, load: Phasors) -> Reals:
        """By corner the level at which it is full; inf where it never is."""
        full = np.full(len(load), np.inf)
        corner, level, turn = self.corner[meant], self.level[meant], self.turn[meant]
        if not corner.size:
            return full
        is_first = np.concatenate([[True], corner[1:] != corner[:-1]])
        first = np.flatnonzero(is_first)
        segment = np.cumsum(is_first) - 1
        slope = _summed(turn, first, segment)
        way = np.where(is_first, 0.0, np.diff(level, prepend=0.0))
        carried = load[corner] + _summed(np.concatenate([[0.0], slope[:-1]]) * way, first, segment)
        place = np.where(self.network.is_over(carried, corner), np.arange(len(corner)), len(corner))
        over = np.minimum.reduceat(place, first)
        stopped = over < len(corner)
        at_once, later = stopped & (over == first), over[stopped & (over > first)] - 1
        full[corner[first[at_once]]] = 0.0
        full[corner[later]] = level[later] + times(carried[later], slope[later], self.network.limit(corner[later]))
        return full


def _summed(values: NDArray[np.generic], first: Indices, segment: Indices) -> Phasors:
    """Running sums that begin anew at each of `first`; `segment` says for each value which of these it belongs to."""
    sums = np.cumsum(values)
    before = sums[first] - values[first]
    result: Phasors = sums - before[segment]
    return result
