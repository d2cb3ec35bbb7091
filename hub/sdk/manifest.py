"""Manifests: what an integration says of itself in `manifest.yaml`, so that the hub needs to know none by name."""

from __future__ import annotations

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


class Manifest(BaseModel):
    """One integration."""

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
    docs: str = Field(description="one sentence on how to point the device at the hub, or how to find it")
    tested: tuple[Tested, ...] = ()
