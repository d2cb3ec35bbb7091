"""A configuration while it is checked: every entry that its own model took, and the names of all that are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from hub.balance.config import CircuitConfig, GridConfig
from hub.config.document import Document
from hub.config.explain import findings
from hub.config.problem import Finding, Place
from hub.devices.config import ChargerConfig, DeviceConfig, MeterConfig
from hub.devices.manifests import config_class, server_config_class
from hub.model.errors import BadConfig
from hub.model.ids import GRID
from hub.mqtt.config import MqttConfig
from hub.sdk.config import IntegrationConfig
from hub.sdk.manifest import Manifest
from hub.web.config import WebConfig

M = TypeVar("M", bound=BaseModel)
D = TypeVar("D", bound=DeviceConfig)


@dataclass(frozen=True, slots=True)
class Door:
    """Where the hub listens; `written`: the file says the port, else it is the default."""

    bind: str
    port: int
    written: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What the checks look at. An entry with an error is missing here, but its name is in `named`."""

    manifests: Mapping[str, Manifest]
    grid: GridConfig | None
    circuits: Mapping[str, CircuitConfig]
    chargers: Mapping[str, ChargerConfig]
    meters: Mapping[str, MeterConfig]
    named: Mapping[str, tuple[str, ...]]  # "circuits", "chargers", "meters": the ids, right or wrong
    written: Mapping[Place, DeviceConfig]  # all chargers and meters, those with errors without their wrong keys
    doors: Mapping[str, Door] = field(default_factory=dict)  # by section

    @property
    def devices(self) -> Iterable[tuple[Place, DeviceConfig]]:
        """The chargers and meters that are right by themselves, with their places."""
        for id, charger in self.chargers.items():
            yield ("chargers", id), charger
        for id, meter in self.meters.items():
            yield ("meters", id), meter

    def node(self, circuit: str) -> GridConfig | CircuitConfig | None:
        """A circuit by its id, the grid connection included."""
        return self.grid if circuit == GRID else self.circuits.get(circuit)


def draft_of(document: Document, manifests: Mapping[str, Manifest]) -> Draft:
    """Take what is right by itself."""
    sections = {name: _entries(document.at((name,))) for name in ("circuits", "chargers", "meters")}
    return Draft(
        manifests,
        checked(GridConfig, document.at(("grid",))),
        _taken(CircuitConfig, sections["circuits"]),
        _taken(ChargerConfig, sections["chargers"]),
        _taken(MeterConfig, sections["meters"]),
        {name: tuple(entries) for name, entries in sections.items()},
        {
            **_written(ChargerConfig, "chargers", sections["chargers"]),
            **_written(MeterConfig, "meters", sections["meters"]),
        },
        dict(_doors(document, manifests)),
    )


def _doors(document: Document, manifests: Mapping[str, Manifest]) -> Iterator[tuple[str, Door]]:
    """Pages, the hub's own broker, and each server integration."""
    servers = {name: server_config_class(manifest) for name, manifest in manifests.items() if manifest.serves}
    for section, model in {"web": WebConfig, "mqtt": MqttConfig, **servers}.items():
        said = document.at((section,))
        opened = None if model is None else checked(model, {} if said is None else said)
        if isinstance(opened, MqttConfig) and (opened.broker is not None or not opened.enabled):
            continue
        if port := getattr(opened, "port", None):
            bind = getattr(opened, "bind", "0.0.0.0")
            yield section, Door(bind, port, document.at((section, "port")) is not None)


def _written(model: type[D], section: str, entries: Mapping[str, object]) -> dict[Place, DeviceConfig]:
    """Entries whose integration at least can be read; their other wrong keys are left out."""
    found: dict[Place, DeviceConfig] = {}
    for id, plain in entries.items():
        if isinstance(plain, dict) and (entry := checked(model, _right_part(model, plain))) is not None:
            found[section, id] = entry
    return found


def _right_part(model: type[D], plain: Mapping[str, object]) -> dict[str, object]:
    try:
        strictly(model, plain)
    except ValidationError as refused:
        wrong = {error["loc"][0] for error in refused.errors() if error["loc"]}
        return {key: value for key, value in plain.items() if key not in wrong}
    return dict(plain)


def _taken(model: type[M], entries: Mapping[str, object]) -> dict[str, M]:
    return {id: entry for id, plain in entries.items() if (entry := checked(model, plain)) is not None}


def checked(model: type[M], plain: object) -> M | None:
    """The value as its model, or None."""
    try:
        return strictly(model, plain)
    except ValidationError:
        return None


def strictly(model: type[M], plain: object) -> M:
    """By JSON's strict rules: a list is a list and text is an enum's word, but '32' is no number and 7 no text."""
    return model.model_validate_json(orjson.dumps(plain), strict=True)


def own_config(manifest: Manifest, device: DeviceConfig) -> IntegrationConfig:
    """The integration's own keys of an entry that was checked."""
    return strictly(config_class(manifest.as_kind(device.kind)), dict(device.options))


def own_findings(draft: Draft, document: Document) -> Iterable[Finding]:
    """What each integration's own class says of the keys that are not common."""
    for place, device in draft.written.items():
        manifest = draft.manifests.get(device.integration)
        if manifest is None:
            continue
        try:
            own_config(manifest, device)
        except ValidationError as refused:
            own = config_class(manifest.as_kind(device.kind))
            yield from findings(refused, document, own, place, type(device).model_fields)
        except (ImportError, BadConfig) as failed:
            step = "Install what it needs, or leave the entry out."
            yield Finding((*place, "integration"), f"'{manifest.name}' cannot be loaded: {failed}", step)


def _entries(plain: object) -> dict[str, object]:
    return {str(id): entry for id, entry in plain.items()} if isinstance(plain, dict) else {}
