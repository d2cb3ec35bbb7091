"""What the OCPP integration takes from the configuration: its listener, and a station's own oddities."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from hub.sdk import IntegrationConfig

LEAST_LEASE_S = 30


class Config(IntegrationConfig):
    """A charger's own keys beside the common ones."""

    stack_level: int | None = Field(
        default=None, ge=0, le=100, description="stack level of the hub's profiles; default: the highest it takes"
    )
    rate_unit: Literal["A", "W"] | None = Field(
        default=None, description="unit of charging profiles; default: what the charger says it takes, A first"
    )
    car_phases: Literal[1, 2, 3] | None = Field(
        default=None,
        description="only for profiles in W: phases that every car here is known to use; default: 1 until measured",
    )
    voltage_v: float = Field(
        default=230.0, ge=100, le=300, description="only for profiles in W: line to neutral, until it is measured"
    )
    lease_s: int = Field(
        default=45,
        ge=0,
        le=600,
        description="how long a limit above the charger's safe share holds without the hub, seconds; 0: no leases",
    )
    answer_delay_ms: int = Field(
        default=0, ge=0, le=5000, description="pause before StartTransaction is answered; some drop a quick answer"
    )

    @field_validator("lease_s")
    @classmethod
    def _long_enough(cls, lease_s: int) -> int:
        if 0 < lease_s < LEAST_LEASE_S:
            raise ValueError(f"is too short to be renewed in time; write {LEAST_LEASE_S} or more, or 0 for no leases")
        return lease_s


class ServerConfig(IntegrationConfig):
    """The section `ocpp` of config.yaml."""

    bind: str = Field(default="0.0.0.0", description="address to listen on")
    port: int = Field(default=8887, ge=0, le=65535, description="TCP port; 0 takes a free one")
    adopt: Literal["ask", "always"] = Field(
        default="ask", description="what happens to a station that is not in the configuration"
    )
    heartbeat_s: int = Field(default=60, ge=10, le=3600, description="interval that chargers are told for heartbeats")
    meter_interval_s: int = Field(default=5, ge=1, le=900, description="interval of meter values during a session")
