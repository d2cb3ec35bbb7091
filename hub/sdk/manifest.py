"""Manifests: what an integration says of itself in `manifest.yaml`, so that the hub needs to know none by name."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from hub.model.candidate import Confidence, Kind
from hub.model.charger import Capability


class Matcher(BaseModel):
    """One way in which a device of this family announces itself by DNS-SD.

    The serial is read from TXT key `serial_txt`, else from group 1 of `serial_name` matched on the instance name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="service type with its domain, e.g. _shelly._tcp.local.")
    name: str | None = Field(default=None, description="regular expression that the instance name must match")
    txt: dict[str, str] = Field(default_factory=dict, description="TXT keys and the values they must have")
    serial_txt: str | None = None
    serial_name: str | None = None
    model_txt: str | None = None
    confidence: Confidence = Confidence.SURE


class Tested(BaseModel):
    """A device and firmware that this integration was tried with, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str
    firmware: str
    how: str


class Role(BaseModel):
    """What is different where the same integration serves a device of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry: str
    config: str
    can: tuple[Capability, ...] = ()
    example: dict[str, object] = Field(default_factory=dict)


class Manifest(BaseModel):
    """One integration. Most are for one kind of device; `also` has the other, with an entry and settings of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    kind: Kind
    transport: str = Field(description="for people: 'OCPP 1.6J over WebSocket', 'HTTP and WebSocket'")
    serves: bool = Field(default=False, description="devices dial into it; else one client for each device")
    entry: str = Field(default="start", description="function of the package's __init__.py")
    config: str = Field(default="Config", description="class of config.py for a charger's or meter's own keys")
    server_config: str | None = Field(default=None, description="class of config.py for the section of a server")
    default_port: int | None = Field(default=None, ge=1, le=65535)
    zeroconf: tuple[Matcher, ...] = ()
    can: tuple[Capability, ...] = ()
    also: Mapping[Kind, Role] = Field(default_factory=dict, description="the other kind that it serves, if it does")
    example: dict[str, object] = Field(
        default_factory=dict, description="own keys of an entry, for an integration that needs some; tests start it so"
    )
    docs: str = Field(description="one sentence on how to point the device at the hub, or how to find it")
    tested: tuple[Tested, ...] = ()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Everything that a device of this integration may be."""
        return (self.kind, *self.also)

    def as_kind(self, kind: Kind) -> Manifest:
        """The manifest as it reads for a device of this kind, which must be one of `kinds`."""
        role = self.also.get(kind)
        return self if role is None else self.model_copy(update={**dict(role), "kind": kind, "also": {}})
