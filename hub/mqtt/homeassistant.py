"""How Home Assistant is told of a device by MQTT discovery: topics, ids and documents, in either form. Pure.

Ids are for ever: `evhub_charger_bay-1`, and behind that `_power` and so on for each entity. The short words are Home
Assistant's own: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from hub import __version__
from hub.core.shown import Json
from hub.mqtt.topics import Topics

PRODUCT = "evhub"


class Form(StrEnum):
    """How it is told."""

    DEVICE = "device"  # one document for a device with all its entities
    SINGLE = "single"  # one for each entity: also a Home Assistant before the end of 2024 knows that


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing of a device: its key, which never changes, its platform, its name for people, and its options."""

    key: str
    platform: str
    name: str
    options: Json


@dataclass(frozen=True, slots=True)
class Device:
    """The hub, a charger or a meter. It is available when each of `availability` says online."""

    kind: str  # "hub", "charger_bay-1", "meter_main"
    info: Json
    availability: tuple[Json, ...]
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Scheme:
    """Where Home Assistant listens, in which form it is told, and where people find the hub's own page."""

    topics: Topics
    prefix: str = "homeassistant"
    form: Form = Form.DEVICE
    page: str | None = None

    @property
    def node(self) -> str:
        """The hub's own prefix as Home Assistant takes it in a topic: letters, digits, - and _ (for all else)."""
        return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):02x}", self.topics.prefix)

    @property
    def birth(self) -> str:
        """Where Home Assistant says `online` when it has started."""
        return f"{self.prefix}/status"

    @property
    def kept(self) -> tuple[str, ...]:
        """Filters of everything that may be ours, in either form."""
        return f"{self.prefix}/device/+/config", f"{self.prefix}/+/{self.node}/+/config"

    def is_ours(self, topic: str) -> bool:
        """True for a topic that this hub uses, or would use for a device of another drawing."""
        prefix, node, rest = re.escape(self.prefix), re.escape(self.node), "[A-Za-z0-9_-]+"
        whole = f"device/{node}_(hub|(charger|meter)_{rest})"
        single = f"[a-z_]+/{node}/(hub|charger|meter)_{rest}"
        return re.fullmatch(f"{prefix}/({whole}|{single})/config", topic) is not None

    def device_id(self, kind: str) -> str:
        """`evhub_charger_bay-1`."""
        return f"{self.node}_{kind}"

    def unique_id(self, kind: str, key: str) -> str:
        """`evhub_charger_bay-1_power`."""
        return f"{self.device_id(kind)}_{key}"

    def documents(self, device: Device) -> dict[str, Json]:
        """What to retain for a device, by topic."""
        if self.form is Form.DEVICE:
            return {f"{self.prefix}/device/{self.device_id(device.kind)}/config": self._whole(device)}
        return {
            f"{self.prefix}/{entity.platform}/{self.node}/{device.kind}_{entity.key}/config": {
                **self._component(device, entity),
                **self._common(device),
            }
            for entity in device.entities
        }

    def _whole(self, device: Device) -> Json:
        parts = {one.key: {"p": one.platform, **self._component(device, one)} for one in device.entities}
        return {**self._common(device), "cmps": parts}

    def _component(self, device: Device, entity: Entity) -> Json:
        return {"name": entity.name, "uniq_id": self.unique_id(device.kind, entity.key), **entity.options}

    def _common(self, device: Device) -> Json:
        ids: Json = {"ids": [self.device_id(device.kind)]}
        via: Json = {} if device.kind == "hub" else {"via_device": self.device_id("hub")}
        origin: Json = {"name": PRODUCT, "sw": __version__, **({} if self.page is None else {"url": self.page})}
        info = {name: value for name, value in device.info.items() if value is not None}
        return {"dev": {**ids, **info, **via}, "o": origin, "avty": list(device.availability), "avty_mode": "all"}
