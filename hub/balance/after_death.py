"""If the hub died now: what each charger would give from then on by itself, and what that forbids today. Pure.

A charger that holds a lease falls back to its floor. One that cannot keeps its last limit for good, whatever the house
does later. So it may have no more than fits beside the floors and limits of the others and the worst of all else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hub.balance.allocate import Demand, Share, Shares, allocate
from hub.balance.demand import NoDemand
from hub.balance.lease import held
from hub.balance.memory import Memory
from hub.balance.metered import HOUR_S
from hub.balance.network import Background, Phasors
from hub.balance.sequence import Command, Move, worth_a_write
from hub.balance.track import Track
from hub.core.state import LiveSafePlan, PlanState
from hub.model.ids import ChargerId
from hub.model.units import floor_to

TOLERANCE_A = 0.1  # of currents that were rounded down; leases do not end for less

Asks = Mapping[ChargerId, Demand | NoDemand]


@dataclass(frozen=True, slots=True)
class AfterDeath:
    """The site after the hub's death.

    `remains_a`: what each charger gives then, as far as it is decided. `caps`: what those may have at most that hold no
    leases and want current.
    """

    remains_a: Mapping[ChargerId, float]
    caps: Shares

    def cap(self, asks: Asks) -> dict[ChargerId, Demand | NoDemand]:
        """The demands within their caps; of those that are shut out, as they are."""
        return {id: self._capped(ask) for id, ask in asks.items()}

    def _capped(self, ask: Demand | NoDemand) -> Demand | NoDemand:
        cap = None if isinstance(ask, NoDemand) else self.caps.get(ask.charger)
        if cap is None or isinstance(ask, NoDemand) or cap.limit_a == 0:
            return ask
        return replace(ask, most_a=min(ask.most_a, cap.limit_a))

    @property
    def shut_out(self) -> Shares:
        """Those whose minimum would be too much then."""
        return {id: replace(cap, queued=True) for id, cap in self.caps.items() if cap.limit_a == 0}


def after_death(memory: Memory, asks: Asks, now_s: float) -> AfterDeath:
    """What there would be, and the caps that follow: fair shares of what the floors and the worst case leave."""
    floors_a = {id: _floor_to_be_a(memory, track) for id, track in memory.tracks.items()}
    remains_a = {
        id: _remains_a(track, floors_a[id], now_s) for id, track in memory.tracks.items() if not track.awaited(now_s)
    }
    keeping = [ask for id, ask in asks.items() if isinstance(ask, Demand) and _is_bound(memory.tracks[id])]
    keepers = {ask.charger for ask in keeping}
    others_a = {id: a for id, a in remains_a.items() if id not in keepers}
    return AfterDeath(remains_a, _caps(memory, keeping, others_a))


def _is_bound(track: Track) -> bool:
    """It keeps its limit after the hub's death, and nobody has confirmed that it may be too much."""
    return not track.leases and not track.charger.keeps_limit


def _caps(memory: Memory, keeping: Sequence[Demand], others_a: Mapping[ChargerId, float]) -> Shares:
    """Fair shares of what is left for those that keep their limits. No limit keeps one from its own fallback."""
    if not keeping:
        return {}
    firm = [_firm(ask, memory.tracks[ask.charger]) for ask in keeping]
    shares = allocate(memory.network, firm, Background(memory.plan.unmanaged_a, others_a))
    own = {ask.charger: Share(memory.tracks[ask.charger].charger.fallback_a or 0.0) for ask in keeping}
    stuck = {id: replace(own[id], row=share.row) for id, share in shares.items() if share.limit_a < own[id].limit_a}
    if not stuck:
        return shares
    besides = Background(memory.plan.unmanaged_a, {**others_a, **{id: share.limit_a for id, share in stuck.items()}})
    return {**allocate(memory.network, [ask for ask in firm if ask.charger not in stuck], besides), **stuck}


def _firm(ask: Demand, track: Track) -> Demand:
    """What it would keep: at least its own fallback, before all others; and the next car may load all terminals."""
    own_a = track.charger.fallback_a or 0.0
    firm = replace(ask, terminals=None)
    if own_a < ask.least_a:
        return firm
    return replace(firm, least_a=own_a, most_a=max(ask.most_a, own_a), rank=ask.rank - 1e9)


def _floor_to_be_a(memory: Memory, track: Track) -> float:
    """The highest of the floors that it has, is told or is to have."""
    leases = (track.lease, track.sent_lease)
    return max(memory.plan.share_a(track.charger.id), *(lease.floor_a for lease in leases if lease is not None), 0.0)


def _remains_a(track: Track, floor_a: float, now_s: float) -> float:
    if track.lease is not None or (track.leases and track.failure is None):
        return floor_a
    if track.charger.keeps_limit:  # its owner answers for what is more
        return max(floor_a, track.charger.fallback_a or 0.0)
    if track.lost_s is None or track.last_held_a is None:
        kept_a = track.may_hold_a(now_s)
    else:
        kept_a = max(track.last_held_a, 0.0 if track.failure is None else track.failure.limit_a)
    return max(kept_a, track.charger.fallback_a or 0.0)


def floors_a(memory: Memory, now_s: float) -> dict[ChargerId, float]:
    """The floors to ask for now: the plan's, but none is raised while that would not fit beside what there is.

    So those go down first that are too high: floors of an earlier plan, and limits of chargers that keep theirs.
    """
    plan, network = memory.plan, memory.network
    load = _load(memory, after_death(memory, {}, now_s).remains_a)
    columns = {id: network.column(id) for id in memory.tracks}
    all_fit = network.fits(load, np.array(list(columns.values()), np.intp))
    dark = _dark(memory, now_s)
    return {
        id: plan.share_a(id)
        if id not in dark and (all_fit or network.fits(load, np.array([columns[id]], np.intp)))
        else min(plan.share_a(id), track.floor_a or 0.0)
        for id, track in memory.tracks.items()
    }


def _dark(memory: Memory, now_s: float) -> set[ChargerId]:
    """Below a meter that has never said what else flows, where nobody has declared it: no floor is raised."""
    declared, watches = memory.besides.unmanaged_a, memory.backgrounds.watches
    unseen = {id for id, w in watches.items() if w.sure.worst(now_s, HOUR_S) is None and id not in declared}
    if not unseen:
        return set()
    site = memory.site
    return {id for id, c in site.chargers.items() if any(up.id in unseen for up in site.upward(c.circuit))}


def _load(memory: Memory, remains_a: Mapping[ChargerId, float]) -> Phasors:
    return memory.network.load(Background(memory.plan.unmanaged_a, remains_a))


def held_down(memory: Memory, going: Sequence[Command], moves: Mapping[ChargerId, Move], now_s: float) -> list[Command]:
    """The commands without what would be too much after the hub's death: raises of chargers that keep their limits."""
    keeping = {id for id, track in memory.tracks.items() if _is_bound(track)}
    if not any(_rises(command, moves, keeping) for command in going):
        return list(going)
    remains_a = after_death(memory, {}, now_s).remains_a
    load, found = _load(memory, remains_a), []
    for command in going:
        if not _rises(command, moves, keeping):
            found.append(command)
            continue
        move, column = moves[command.charger], memory.network.column(command.charger)
        others = memory.network.plus_one(load, column, -remains_a[command.charger])
        limit_a = floor_to(min(command.limit_a, memory.network.room(others, column) + 1e-6), move.step_a)
        if worth_a_write(move, limit_a):
            found.append(replace(command, limit_a=limit_a))
            load = memory.network.plus_one(others, column, max(remains_a[command.charger], limit_a))
    return found


def _rises(command: Command, moves: Mapping[ChargerId, Move], keeping: set[ChargerId]) -> bool:
    move = moves[command.charger]
    return command.charger in keeping and not move.lowers


def renewals(memory: Memory, moves: Iterable[Move], now_s: float, *, starting: bool) -> list[Command]:
    """Leases that are to be told again now, with the limit that each charger has; those below their floor first.

    `moves`: of those that are told nothing else now. A lease above its floor goes on only as far as that fits beside
    those below that may end before it. While the hub starts, all go on as they were.
    """
    floors = floors_a(memory, now_s)
    due = [
        move
        for move in moves
        if move.ready and move.command_a is not None
        if memory.tracks[move.charger].wants_renewal(floors[move.charger], now_s)
    ]
    below = [move for move in due if (move.command_a or 0.0) <= floors[move.charger]]
    above = [move for move in due if move not in below]
    going_on = above if starting else _that_fit(memory, above, now_s)
    return [Command(move.charger, move.command_a or 0.0, renews=True) for move in (*below, *going_on)]


def _that_fit(memory: Memory, moves: Sequence[Move], now_s: float) -> Iterator[Move]:
    if not any(track.in_doubt(now_s) for track in memory.tracks.values()):
        yield from moves
        return
    network, tracks = memory.network, memory.tracks
    columns = np.array([network.column(id, track.terminals.used) for id, track in tracks.items()], np.intp)
    might = np.array([track.may_hold_a(now_s) for track in tracks.values()])
    now = network.load(Background(memory.backgrounds.lines_a(now_s, 0.0)))
    load = network.plus(now, network.totals(columns, might))
    for move in moves:
        column = network.column(move.charger, move.terminals)
        others = network.plus_one(load, column, -tracks[move.charger].may_hold_a(now_s))
        if (move.command_a or 0.0) <= network.room(others, column) + TOLERANCE_A:
            yield move


def lend(memory: Memory, going: Iterable[Command], now_s: float) -> None:
    """These commands are on their way, each with its lease; `confirmed` or `failed` of its track follows."""
    going = tuple(going)
    floors = floors_a(memory, now_s) if going else {}
    longest_s = max((t.lease_s or 0.0 for t in memory.tracks.values()), default=0.0)
    for command in going:
        track = memory.tracks[command.charger]
        if track.lease_s is None:
            track.send(command.limit_a)
        else:
            lease = held(command.limit_a, floors[command.charger], track.lease_s, longest_s, now_s)
            track.send(command.limit_a, lease)


def in_force(memory: Memory) -> LiveSafePlan:
    """How far the safe plan is in force now."""
    plan, tracks = memory.plan, memory.tracks
    if plan.left_out:
        return LiveSafePlan(PlanState.NOT_POSSIBLE, plan.left_out)
    missing = (id for id, t in tracks.items() if t.lease is None or t.lease.floor_a > plan.share_a(id))
    chargers = tuple(missing)
    return LiveSafePlan(PlanState.PARTLY if chargers else PlanState.SET, chargers)
