"""What the broker's retained topics hold as far as we know, and what has to be published so that they show the picture.

Pure: time is handed in, and publishing is somebody else's. A topic whose readings only move is told at most once a
second; every other change at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson

from hub.core import shown
from hub.core.shown import Json
from hub.core.state import Picture
from hub.model.candidate import Candidate
from hub.model.ids import ChargerId, MeterId, StationId
from hub.mqtt import topics as t
from hub.mqtt.topics import Topics

READINGS_EVERY_S = 1.0
CLEARED = b""

State = Json | str


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, in both clocks."""

    at: datetime
    s: float


@dataclass(frozen=True, slots=True)
class Update:
    """A retained topic and its new payload; empty to clear it."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Face:
    """One retained topic: how its state is made, and which of its fields may wait."""

    make: Callable[[datetime], State]
    slow: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sent:
    """What was published last on a topic, and when."""

    state: State
    at_s: float


class Mirror:
    """The retained topics of one picture."""

    def __init__(self, topics: Topics, picture: Picture) -> None:
        self._topics, self._picture = topics, picture
        self._candidates: dict[StationId, Candidate] = {}
        self._sent: dict[str, Sent] = {}
        self._late: set[str] = set()
        self._faces, self._site = self._drawn(), picture.site

    def everything(self, now: Moment) -> list[Update]:
        """All topics anew: the broker may have lost them. Clearing of what left."""
        cleared = self._redraw()
        self._sent.clear()
        return cleared + self._look(list(self._faces), now)

    def redrawn(self, now: Moment) -> list[Update]:
        """The drawing was replaced, or a candidate came or went: what changed, and clearing of what left."""
        return self._redraw() + self._look(list(self._faces), now)

    def charger(self, charger: ChargerId, now: Moment) -> list[Update]:
        """Something moved in this charger's picture. The site counts all chargers, so it is looked at later, once."""
        self._late.add(self._topics.site)
        return self._look([self._topics.charger(charger), self._topics.availability(charger)], now)

    def meter(self, meter: MeterId, now: Moment) -> list[Update]:
        """A meter has a new sample, or its link changed."""
        return self._look([self._topics.meter(meter)], now)

    def circuits(self, now: Moment) -> list[Update]:
        """The balancer looked anew: circuits, the site, and the grants of chargers."""
        chargers = [self._topics.charger(charger) for charger in self._picture.site.chargers]
        circuits = [self._topics.circuit(circuit) for circuit in self._picture.site.circuits]
        return self._look([*chargers, *circuits, self._topics.site], now)

    def late(self, now: Moment) -> list[Update]:
        """What had to wait and is due now."""
        due = [topic for topic in self._late if self._age_s(topic, now) >= READINGS_EVERY_S]
        return self._look(due, now)

    @property
    def has_late(self) -> bool:
        """True while something waits for its second to pass."""
        return bool(self._late)

    def found(self, candidate: Candidate, now: Moment) -> list[Update]:
        """A device was found."""
        self._candidates[candidate.station] = candidate
        return self.redrawn(now)

    def lost(self, integration: str, station: StationId, now: Moment) -> list[Update]:
        """A found device has gone."""
        known = self._candidates.get(station)
        if known is not None and known.integration == integration:
            del self._candidates[station]
        return self.redrawn(now)

    def is_ours(self, topic: str) -> bool:
        """True when a retained topic of the drawing's kind has its place in the drawing; else it is to be cleared."""
        return topic in self._faces

    def _age_s(self, topic: str, now: Moment) -> float:
        sent = self._sent.get(topic)
        return math.inf if sent is None else now.s - sent.at_s

    def _redraw(self) -> list[Update]:
        self._candidates = {s: c for s, c in self._candidates.items() if not t.is_adopted(self._picture, c)}
        self._faces, self._site = self._drawn(), self._picture.site
        gone = [topic for topic in self._sent if topic not in self._faces]
        for topic in gone:
            del self._sent[topic]
            self._late.discard(topic)
        return [Update(topic, CLEARED) for topic in gone]

    def _look(self, names: list[str], now: Moment) -> list[Update]:
        if self._site is not self._picture.site:
            return []  # the fact that the drawing was replaced is on its way, and everything is looked at then
        updates = (self._update(topic, now) for topic in names)
        return [update for update in updates if update is not None]

    def _update(self, topic: str, now: Moment) -> Update | None:
        face = self._faces.get(topic)
        if face is None:
            return None
        state, sent = face.make(now.at), self._sent.get(topic)
        if sent is not None and _untimed(state) == _untimed(sent.state):
            self._late.discard(topic)
            return None
        if (
            sent is not None
            and self._age_s(topic, now) < READINGS_EVERY_S
            and not _hurries(state, sent.state, face.slow)
        ):
            self._late.add(topic)
            return None
        self._late.discard(topic)
        self._sent[topic] = Sent(state, now.s)
        return Update(topic, encoded(state))

    def _drawn(self) -> dict[str, Face]:
        picture, topics = self._picture, self._topics
        faces = {topics.site: Face(partial(shown.site_state, picture), t.SITE_SLOW)}
        for circuit in picture.site.circuits:
            faces[topics.circuit(circuit)] = Face(partial(shown.circuit_state, picture, circuit), t.CIRCUIT_SLOW)
        for meter in picture.site.meters:
            faces[topics.meter(meter)] = Face(partial(shown.meter_state, picture, meter), t.METER_SLOW)
        for charger in picture.site.chargers:
            faces[topics.charger(charger)] = Face(partial(shown.charger_state, picture, charger), t.CHARGER_SLOW)
            faces[topics.availability(charger)] = Face(partial(_availability, picture, charger))
        for candidate in self._candidates.values():
            faces[topics.candidate(candidate.station)] = Face(partial(_candidate, candidate))
        return faces


def _availability(picture: Picture, charger: ChargerId, now: datetime) -> State:
    return t.availability(picture, charger)


def _candidate(candidate: Candidate, now: datetime) -> State:
    return shown.candidate_state(candidate)


def _untimed(state: State) -> State:
    return state if isinstance(state, str) else {**state, "ts": None}


def _hurries(state: State, before: State, slow: frozenset[str]) -> bool:
    if isinstance(state, str) or isinstance(before, str):
        return True
    return t.urgent(state, slow) != t.urgent(before, slow)


def encoded(state: object) -> bytes:
    """A payload as bytes: text as it is, everything else as JSON."""
    if isinstance(state, str):
        return state.encode()
    try:
        return orjson.dumps(state, default=shown.plain)
    except TypeError:  # half a surrogate pair out of some device's JSON has no UTF-8: escape it, as it came
        return json.dumps(state, default=shown.plain).encode()
