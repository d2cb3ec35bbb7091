"""What Home Assistant was told of us, as far as we know, and what it has to be told now. Pure.

The broker keeps it from an earlier run, perhaps in the other form or with devices that have gone since. So the room
listens first (`learned`), and only then says all (`everything`): what left is cleared. What left a device is named
there once more without options, which takes it out; a document that just leaves it away does not. And where the same
entities move to the other form it says so first (`moves`), or Home Assistant would forget what people did with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from hub.core.state import Picture
from hub.model.ids import ChargerId, MeterId
from hub.mqtt import entities
from hub.mqtt.homeassistant import PRODUCT, Device, Scheme
from hub.mqtt.mirror import CLEARED, Update, encoded

Document = Mapping[str, Any]

MOVES = b'{"migrate_discovery": true}'
"""Said on a topic, not retained: the same entities come from another topic from now on."""


class Announcements:
    """The devices of one picture, and what the broker holds of them. `enabled` False: there shall be none."""

    def __init__(self, scheme: Scheme, picture: Picture, *, enabled: bool = True) -> None:
        self._scheme, self._picture, self._enabled = scheme, picture, enabled
        self._held: dict[str, Document] = {}
        self._shapes: dict[str, object] = {}
        self.has_begun = False  # everything was said on this connection

    def forget(self) -> None:
        """A new connection: who knows what this broker holds."""
        self._held, self.has_begun = {}, False

    def learned(self, topic: str, payload: bytes) -> None:
        """The broker holds this. What is not ours by its topic and its origin is left alone."""
        document = _read(payload)
        if self._scheme.is_ours(topic) and _part(document, "o").get("name") == PRODUCT:
            self._held[topic] = document

    def moves(self) -> list[str]:
        """Topics of the other form whose entities `everything` is about to tell of in this one."""
        wanted = self._wanted(self._devices())
        ids = _unique_ids(wanted.values())
        left = {topic: _unique_ids([held]) for topic, held in self._held.items() if topic not in wanted}
        return [topic for topic, had in left.items() if had and had <= ids]

    def everything(self) -> list[Update]:
        """All of it, whether the broker holds it or not."""
        self.has_begun = True
        return self._told(self._devices(), self._held, anew=True)

    def redrawn(self) -> list[Update]:
        """The drawing was replaced: what differs."""
        return self._told(self._devices(), self._held) if self.has_begun else []

    def charger(self, id: ChargerId) -> list[Update]:
        """Something moved in a charger's picture; seldom is it what it calls itself, or what it can."""
        drawn, live = self._picture.site.chargers.get(id), self._picture.chargers.get(id)
        shape = None if drawn is None or live is None else (drawn, live.identity, live.capabilities)
        return self._one(f"charger_{id}", shape, partial(entities.charger, self._picture, self._scheme, id))

    def meter(self, id: MeterId) -> list[Update]:
        """Something moved in a meter's picture."""
        drawn, live = self._picture.site.meters.get(id), self._picture.meters.get(id)
        shape = None if drawn is None or live is None else (drawn, live.identity)
        return self._one(f"meter_{id}", shape, lambda known: entities.meter(self._picture, self._scheme, id))

    def _one(self, kind: str, shape: object | None, make: Callable[[frozenset[str]], Device]) -> list[Update]:
        """Tell of one device when its shape is another one. `make` asks for the unique ids that are held of it."""
        if shape is None or shape == self._shapes.get(kind) or not (self.has_begun and self._enabled):
            return []
        self._shapes[kind] = shape
        ids = [self._scheme.device_id(kind)]
        held = {topic: one for topic, one in self._held.items() if _part(one, "dev").get("ids") == ids}
        return self._told([make(_unique_ids(held.values()))], held)

    def _devices(self) -> list[Device]:
        """The hub first: the others name it."""
        if not self._enabled:
            return []
        site, scheme, picture = self._picture.site, self._scheme, self._picture
        meters = [entities.meter(picture, scheme, id) for id in site.meters]
        known = _unique_ids(self._held.values())
        chargers = [entities.charger(picture, scheme, id, known) for id in site.chargers]
        return [entities.hub(picture, scheme), *meters, *chargers]

    def _told(self, devices: Sequence[Device], held: Mapping[str, Document], *, anew: bool = False) -> list[Update]:
        """Clear what is held and not wanted; publish what is wanted and differs. Topics that moved are cleared last."""
        wanted, moved = self._wanted(devices), self.moves() if anew else []
        gone = [topic for topic in held if topic not in wanted]
        updates = [Update(topic, CLEARED) for topic in gone if topic not in moved]
        for topic in gone:
            del self._held[topic]
        for topic, plain in wanted.items():
            before = self._held.get(topic, {})
            document = {**plain, **_with_what_was(plain, before)}
            if anew or document != before:
                self._held[topic] = document
                updates.append(Update(topic, encoded(document)))
        return [*updates, *(Update(topic, CLEARED) for topic in moved)]

    def _wanted(self, devices: Iterable[Device]) -> dict[str, Document]:
        return {topic: plain for device in devices for topic, plain in self._scheme.documents(device).items()}


def _with_what_was(plain: Document, before: Document) -> Document:
    """Of the same station what it called itself, until it says so again; and a last word for entities that left."""
    more: dict[str, Document] = {}
    earlier = _part(before, "dev")
    if "sn" in earlier and earlier["sn"] == plain["dev"].get("sn"):
        more["dev"] = {**earlier, **plain["dev"]}
    if "cmps" in plain:
        left = {key: {"p": part.get("p")} for key, part in _entities(before).items() if key not in plain["cmps"]}
        more["cmps"] = {**left, **plain["cmps"]}
    return more


def _unique_ids(documents: Iterable[Document]) -> frozenset[str]:
    """All entities of these documents, in either form."""
    parts = [part for one in documents for part in (one, *_entities(one).values())]
    return frozenset(str(part["uniq_id"]) for part in parts if "uniq_id" in part)


def _entities(document: Document) -> dict[str, Document]:
    """Of a whole device, by key."""
    return {key: part for key, part in _part(document, "cmps").items() if isinstance(part, Mapping)}


def _read(payload: bytes) -> Document:
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}
