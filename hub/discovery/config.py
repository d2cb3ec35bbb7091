"""Settings of discovery: whether the hub listens for devices, and on which network interfaces."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Interface = Annotated[str, StringConstraints(min_length=1)]


class DiscoveryConfig(BaseModel):
    """The section `discovery`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="listen for devices that announce themselves by DNS-SD (zeroconf)")
    interfaces: tuple[Interface, ...] = Field(
        default=(),
        description="names or IPv4 addresses of the interfaces to listen on; none named: all but loopback",
        examples=[["eth0"], ["192.168.1.5"]],
    )
