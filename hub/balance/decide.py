"""One decision: from what is remembered to the commands that may go out now, and a reason for every charger. Pure.

Two horizons: a charger keeps what fits what flows now, and gets more only as far as that fits the worst of the last
minute as well. So a load that swings every few seconds lowers at once and does not raise and lower again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hub.balance.after_death import AfterDeath, after_death, held_down, in_force, renewals
from hub.balance.alert import Stance
from hub.balance.allocate import Demand, Share, Shares, allocate
from hub.balance.background import Amps
from hub.balance.case import DRAWS_A, NOTHING, Case
from hub.balance.demand import NoDemand, wanted
from hub.balance.explain import Explainer
from hub.balance.line import in_line
from hub.balance.memory import Memory
from hub.balance.metered import HOUR_S, MINUTE_S, NOW_S
from hub.balance.network import Background, Phasors
from hub.balance.queue import Place, Seat
from hub.balance.sequence import Command, commands
from hub.balance.track import Track
from hub.core.state import LiveSafePlan
from hub.model.grant import Grant, Wish
from hub.model.ids import ChargerId, CircuitId, MeterId
from hub.model.units import floor_to


@dataclass(frozen=True, slots=True)
class Decision:
    """What to send now, the largest reduction first, and what each charger has after that, with the reason."""

    commands: tuple[Command, ...]
    grants: Mapping[ChargerId, Grant]
    waits_for: tuple[ChargerId | MeterId, ...] = ()  # nothing is raised before these have spoken: the hub starts
    safe_plan: LiveSafePlan | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What is true of the whole site at the moment of a decision."""

    now_s: float
    might_a: Mapping[ChargerId, float]  # the most that each charger may draw
    awaited: frozenset[ChargerId]  # have not answered yet since the hub knows them
    waits_for: tuple[ChargerId | MeterId, ...]  # before the start is over
    asks: Mapping[ChargerId, Demand | NoDemand]  # of those that can be told something
    now_a: Mapping[CircuitId, Amps]  # what flows besides the cars
    worst_a: Mapping[CircuitId, Amps]  # and the worst of the last minute
    start_a: Mapping[CircuitId, Amps]  # and what must be reckoned with by who starts
    silent: frozenset[CircuitId]  # circuits whose meter is silent, or behind
    blind: frozenset[ChargerId]  # chargers below a meter that says nothing
    stances: Mapping[ChargerId, Stance]  # of those below a circuit that is above its limit
    death: AfterDeath  # what there would be if the hub died now

    def reserved_a(self) -> dict[ChargerId, float]:
        """What is kept free for those that cannot be told anything, or do not obey."""
        return {id: a for id, a in self.might_a.items() if id not in self.asks and id not in self.awaited}


def decide(memory: Memory, now_s: float) -> Decision:
    """Share what is left, and say what may be told to whom at this moment. Tell it to `lend` before the next.

    Changes nothing in the memory but its watch over cars that draw less than they may, and the queue.
    """
    memory.look(now_s)
    _queue_up(memory, now_s)
    view, worst, cases = judge(memory, now_s)
    for case in cases:
        if isinstance(case.ask, Demand):
            runs = case.has_a > 0 and not case.starting
            memory.queue.note(case.id, now_s, on=case.target_a > 0, runs=runs)
    moves = {case.id: case.move() for case in cases if case.track.reachable}
    going = held_down(memory, commands(memory.network, list(moves.values()), _besides(memory, view)), moves, now_s)
    told = {command.charger: command.limit_a for command in going}
    left = [move for id, move in moves.items() if id not in told]
    going += renewals(memory, left, now_s, starting=bool(view.waits_for))
    explainer = Explainer(memory, view.waits_for, _load(memory, view, worst), worst)
    grants = {c.id: explainer.grant(c, told.get(c.id)) for c in cases}
    return Decision(tuple(going), {**grants, **in_line(memory, grants, now_s)}, view.waits_for, in_force(memory))


def judge(memory: Memory, now_s: float) -> tuple[View, Shares, list[Case]]:
    """The site at this moment, the shares after its worst minute, and the case of each charger. Changes nothing."""
    view = _view(memory, now_s)
    worst, now = _shares(memory, view)
    return view, worst, [_case(memory, view, worst, now, track) for track in memory.tracks.values()]


def _view(memory: Memory, now_s: float) -> View:
    tracks, backgrounds = memory.tracks, memory.backgrounds
    asks, worst_a = _asks(memory, now_s), backgrounds.lines_a(now_s, MINUTE_S)
    death = after_death(memory, asks, now_s)
    waits = any(isinstance(ask, Demand) and not _runs(tracks[id], now_s) for id, ask in asks.items())
    return View(
        now_s,
        {id: track.might_draw_a(now_s) for id, track in tracks.items()},
        frozenset(id for id, track in tracks.items() if track.awaited(now_s)),
        memory.waits_for(now_s),
        death.cap(asks),
        backgrounds.lines_a(now_s, NOW_S),
        worst_a,
        backgrounds.lines_a(now_s, HOUR_S) if waits else worst_a,
        frozenset(backgrounds.silent(now_s) | backgrounds.behind(now_s)),
        _blind(memory, now_s),
        backgrounds.stances(now_s),
        death,
    )


def _blind(memory: Memory, now_s: float) -> frozenset[ChargerId]:
    """The chargers below a meter that says nothing. While the hub starts it has its time to speak."""
    silent = memory.backgrounds.silent(now_s)
    if not silent or memory.waits_for(now_s):
        return frozenset()
    site = memory.site
    return frozenset(id for id, c in site.chargers.items() if any(up.id in silent for up in site.upward(c.circuit)))


def _asks(memory: Memory, now_s: float) -> dict[ChargerId, Demand | NoDemand]:
    """What everybody wants who can be told something, with the rank that its place in the queue gives it."""
    obedient = [t for t in memory.tracks.values() if t.reachable and not t.disobeys(now_s)]
    in_turn = sorted(obedient, key=lambda t: memory.queue.key(t.charger.id, _place(t, now_s)))
    return {
        t.charger.id: wanted(t, memory.wishes.get(t.charger.id, Wish()), rank, memory.reuse[t.charger.id])
        for rank, t in enumerate(in_turn)
    }


def _place(track: Track, now_s: float) -> Place:
    """The place in the queue of one that is new there: who has current already has its turn."""
    since_s = now_s if track.arrived_s is None else track.arrived_s
    return Place(_runs(track, now_s), since_s, since_s)


def _runs(track: Track, now_s: float) -> bool:
    told_a = track.command_a()
    return track.draw_a(now_s) >= DRAWS_A if told_a is None else told_a >= track.charger.min_a


def _shares(memory: Memory, view: View) -> tuple[Shares, Shares]:
    """The shares of those that obey. Beside them is kept what others draw, who are told no more than before."""
    worst, now = _fair(memory, view)
    defying = {id for id in view.asks if memory.tracks[id].defies(view.now_s)}
    if not defying:
        return worst, now
    kept = [{id: _no_more(memory, shares[id], id, view) for id in defying & shares.keys()} for shares in (worst, now)]
    worst, now = _fair(memory, replace(view, asks={id: ask for id, ask in view.asks.items() if id not in defying}))
    return {**worst, **kept[0]}, {**now, **kept[1]}


def _no_more(memory: Memory, share: Share, id: ChargerId, view: View) -> Share:
    return replace(share, limit_a=min(share.limit_a, memory.tracks[id].may_hold_a(view.now_s)))


def _fair(memory: Memory, view: View) -> tuple[Shares, Shares]:
    """The shares after the worst of the last minute, and after what flows now. To start, one must fit the worst."""
    demands = [ask for ask in view.asks.values() if isinstance(ask, Demand)]
    reserved_a = view.reserved_a()
    late = {**_not_yet(memory, view, demands), **view.death.shut_out}
    demands = [d for d in demands if d.charger not in late]
    worst = {**late, **allocate(memory.network, demands, Background(view.worst_a, reserved_a))}
    if view.now_a == view.worst_a:
        return worst, worst
    on = [d for d in demands if worst[d.charger].limit_a > 0 or _runs(memory.tracks[d.charger], view.now_s)]
    return worst, allocate(memory.network, on, Background(view.now_a, reserved_a))


def _not_yet(memory: Memory, view: View, demands: Sequence[Demand]) -> Shares:
    """Those that do not start now: their minimum does not fit what has to be reckoned with, or they rest."""
    idle = [d.charger for d in demands if not _runs(memory.tracks[d.charger], view.now_s)]
    rest = {id for id in idle if memory.queue.rests(id, view.now_s)}
    if not rest and view.start_a == view.worst_a:
        return {}
    last = [replace(d, rank=d.rank + len(demands)) if d.charger in rest else d for d in demands]
    shares = allocate(memory.network, last, Background(view.start_a, view.reserved_a()))
    return {id: Share(0.0, shares[id].row, queued=True) for id in idle if id in rest or shares[id].limit_a == 0}


def _case(memory: Memory, view: View, worst: Shares, now: Shares, track: Track) -> Case:
    id = track.charger.id
    return Case(
        track,
        view.might_a[id],
        view.asks.get(id),
        worst.get(id, NOTHING),
        now.get(id, NOTHING),
        next((up.id for up in memory.site.upward(track.charger.circuit) if up.id in view.silent), None),
        starting=bool(view.waits_for),
        now_s=view.now_s,
        stance=view.stances.get(id, Stance.CALM),
        cap=view.death.caps.get(id),
        blind_a=floor_to(memory.plan.share_a(id), track.step_a) if id in view.blind else None,
    )


def _besides(memory: Memory, view: View) -> Background:
    """What a raise must leave room for, besides what all others that can be told might draw."""
    return Background(view.worst_a, {id: a for id, a in view.might_a.items() if not memory.tracks[id].reachable})


def _load(memory: Memory, view: View, shares: Shares) -> Phasors:
    """What every row carries when everybody draws the share."""
    terminals = {id: memory.tracks[id].terminals.used for id in shares}
    columns = np.array([memory.network.column(id, terminals[id]) for id in shares], np.intp)
    drawn = memory.network.totals(columns, np.array([share.limit_a for share in shares.values()]))
    return memory.network.plus(memory.network.load(Background(view.start_a, view.reserved_a())), drawn)


def _queue_up(memory: Memory, now_s: float) -> None:
    """Who wants current has a place; when a turn is over, cars change places."""
    asks, queue = _asks(memory, now_s), memory.queue
    wanting = {id for id, ask in asks.items() if isinstance(ask, Demand)} | {
        id for id in (queue.places.keys() & memory.tracks.keys()) - asks.keys() if memory.tracks[id].has_car
    }
    queue.attend({id: _place(track, now_s) for id, track in memory.tracks.items() if id in wanting})
    if queue.due(now_s, now_s + memory.ahead_s) and not memory.waits_for(now_s):
        _change_places(memory, _view(memory, now_s), now_s)


def _change_places(memory: Memory, view: View, now_s: float) -> None:
    """One car for each row that is full now; else for each that would be without a hub, of those that keep limits."""
    queue, network, keeping = memory.queue, memory.network, view.death.caps
    demands = [ask for ask in view.asks.values() if isinstance(ask, Demand)]
    on = queue.on
    seats = {d.charger: Seat(d.charger, network.column(d.charger, d.terminals), d.least_a, d.priority) for d in demands}
    queue.rotate(network, network.load(Background(view.start_a, view.reserved_a())), seats, now_s)
    if keeping and queue.on == on:
        seats = {id: replace(seat, column=network.column(id)) for id, seat in seats.items() if id in keeping}
        others_a = {id: a for id, a in view.death.remains_a.items() if id not in keeping}
        queue.rotate(network, network.load(Background(memory.plan.unmanaged_a, others_a)), seats, now_s)
