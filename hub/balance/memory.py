"""All that the balancer remembers between two decisions: the network, each charger, each metered circuit, wishes.

Owned by whoever runs the balancer, the service or a simulation: it says what was heard and when, and asks `decide`.
"""

from __future__ import annotations

from dataclasses import replace

from hub.balance.demand import Reuse
from hub.balance.lease import beside
from hub.balance.metered import Backgrounds, Besides
from hub.balance.network import Network
from hub.balance.queue import USUAL, Queue, Turns
from hub.balance.safe_plan import Planner, SafePlan, worst_case
from hub.balance.track import Track
from hub.balance.tree import Tree
from hub.core.state import LiveCharger, LiveMeter
from hub.model.grant import Wish
from hub.model.ids import ChargerId, MeterId
from hub.model.site import Site


class Memory:
    """What was heard, told and wished for. No clock: every call says when it is, in monotonic seconds."""

    site: Site
    drawn_s: float  # since when this drawing counts
    tree: Tree
    network: Network
    backgrounds: Backgrounds
    planner: Planner
    plan: SafePlan

    def __init__(self, site: Site, besides: Besides, now_s: float, turns: Turns = USUAL) -> None:
        self.besides = besides
        self.queue = Queue(turns)
        self.ahead_s = 0.0  # the wall's clock is so far ahead of the one that counts seconds
        self.wishes: dict[ChargerId, Wish] = {}
        self.tracks: dict[ChargerId, Track] = {}
        self.reuse: dict[ChargerId, Reuse] = {}
        self.redraw(site, now_s)

    def redraw(self, site: Site, now_s: float) -> None:
        """Take a new drawing. What is still in it keeps its past."""
        before, self.drawn_s = self.tracks, now_s
        self.site = site
        self.tree, self.network = Tree.of(site), Network(site)
        self.planner, self.plan = Planner(), SafePlan()
        self.tracks = {}
        for charger in site.chargers.values():
            track = before.get(charger.id)
            if track is None or track.charger.station != charger.station:
                track = Track(charger, now_s)
            track.charger = charger
            self.tracks[charger.id] = track
        self.reuse = {id: self.reuse.get(id, Reuse()) for id in self.tracks}
        watches = self.backgrounds.watches if before else {}
        self.backgrounds = Backgrounds(site, self.tree, self.tracks, self.besides)
        for id, watch in self.backgrounds.watches.items():
            if id in watches and watches[id].circuit.meter == watch.circuit.meter:
                watch.remember(watches[id])

    def hear_charger(self, live: LiveCharger, now_s: float) -> bool:
        """A charger's picture moved; True when that asks for a new decision."""
        track = self.tracks.get(live.id)
        if track is None or live.station != track.charger.station:  # the picture of the one that it replaces
            return False
        stirred = track.hear(live, now_s)
        self.reuse[live.id].watch(track, now_s)
        return stirred

    def look(self, now_s: float) -> None:
        """Time passes: a car may draw less than it may for long enough now, and the house more than was planned for."""
        worst_a = worst_case(self.tree, self.backgrounds.watches, self.besides.unmanaged_a, now_s)
        alone = {id for id, track in self.tracks.items() if track.charger.fallback_a is not None and not track.leases}
        self.plan = self.planner.look(self.network, self.site.chargers.values(), worst_a, alone, now_s)
        longest_s = max((track.lease_s or 0.0 for track in self.tracks.values()), default=0.0)
        for id, track in self.tracks.items():
            self.reuse[id].watch(track, now_s)
            if track.lease is not None:
                track.lease = beside(track.lease, longest_s)

    def clock_leapt(self, now_s: float) -> None:
        """The wall's clock moved beside ours, or this machine stood still: any lease may have ended meanwhile."""
        for track in self.tracks.values():
            if track.lease is not None:
                track.lease = replace(track.lease, renew_s=now_s, doubt_s=now_s)

    def hear_meter(self, live: LiveMeter, now_s: float) -> bool:
        """A meter's picture moved; True when that asks for a new decision."""
        return self.backgrounds.hear(live, now_s)

    def waits_for(self, now_s: float) -> tuple[ChargerId | MeterId, ...]:
        """Whom the start waits for: chargers that have not said what they hold, then meters that have not spoken since.

        Empty: the start is over. Each has a bound; who is silent after that has a rule of its own.
        """
        unread = [id for id, t in self.tracks.items() if t.awaited(now_s) or t.to_be_read(now_s)]
        return tuple(sorted(unread or self.backgrounds.starting(now_s)))

    def runs_out(self, before_s: float, now_s: float) -> bool:
        """Between these moments somebody's time ran out: to answer, to come back, to be told again, or to be heard."""
        watches = self.backgrounds.watches.values()
        ends = [watch.silent(now_s) != watch.silent(before_s) for watch in watches]
        ends += [watch.alert.stance(now_s) is not watch.alert.stance(before_s) for watch in watches]
        ends.append(self.backgrounds.behind(now_s) != self.backgrounds.behind(before_s))
        ends.append(self.waits_for(now_s) != self.waits_for(before_s))
        ends.append(self.queue.ends(before_s, now_s))
        for track in self.tracks.values():
            ends.append(track.silent(now_s) != track.silent(before_s))
            ends.append(track.disobeys(now_s) != track.disobeys(before_s))
            ends.append(track.falls(now_s) != track.falls(before_s))
            ends.append(track.lease is not None and before_s < track.lease.renew_s <= now_s)
            ends.append(track.in_doubt(now_s) != track.in_doubt(before_s))
        return any(ends)
