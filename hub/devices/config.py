"""Settings of chargers and meters: the common keys of one entry, beside which each integration has its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from hub.model.candidate import Address, Kind
from hub.model.charger import Charger, Connection
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId, StationId
from hub.model.site import Meter
from hub.model.units import Phase

OneLine = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\P{C}+$")]


def _without_port(host: str) -> str:
    name, colon, port = host.partition(":")
    if colon and ":" not in port:  # an IPv6 address has more of them
        raise ValueError(f"is an address with a port; write {name}, and {port} under 'port'")
    return host


Host = Annotated[
    str,
    StringConstraints(min_length=1, max_length=253, pattern=r"^[^\s/@]+$"),
    AfterValidator(_without_port),
]
MOST_A = 1000.0  # beyond any charger; catches milliamps


class DeviceConfig(BaseModel):
    """What every entry has. Keys that are not common belong to the integration, whose own class checks them."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: ClassVar[Kind]

    integration: str = Field(description="which integration speaks to it", examples=["ocpp", "openevse", "shelly"])
    station: OneLine | None = Field(
        default=None,
        description="its serial number or OCPP identity; may be left out where `host` is given",
        examples=["CP-0001"],
    )
    host: Host | None = Field(
        default=None,
        description="its address, for a device that does not announce itself; without it the announced one counts",
        examples=["192.168.1.41"],
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="its port; without it the integration's usual one"
    )
    name: str = Field(default="", max_length=100, description="what people call it", examples=["Bay 3"])

    @property
    def options(self) -> Mapping[str, object]:
        """The integration's own keys as they stand in the file."""
        return MappingProxyType(self.model_extra or {})

    def address(self, default_port: int | None) -> Address | None:
        """Where it answers, if somebody typed that in; port 80 where nobody says which."""
        return None if self.host is None else Address(self.host, self.port or default_port or 80)

    def identity(self, default_port: int | None) -> StationId:
        """Its serial or identity; host:port for one that is only known by its address."""
        return StationId(self.station or str(self.address(default_port) or ""))


class ChargerConfig(DeviceConfig):
    """One entry of `chargers`: one outlet, where it hangs and what it may carry."""

    kind = Kind.CHARGER

    connector: int = Field(default=1, ge=1, le=1000, description="which outlet of the station, counted from 1")
    circuit: str = Field(default=str(GRID), description="the circuit it hangs on; `grid` is the grid connection")
    phases: tuple[Phase, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=3,
        description="the supply line behind each of its terminals, in order; null while nobody knows",
        examples=[["L2", "L3", "L1"], ["L1"]],
    )
    connection: Connection = Field(
        default=Connection.LN, description="`ln`: line to neutral; `ll`: between two lines (US 208 V)"
    )
    min_a: float = Field(default=6.0, ge=6, le=MOST_A, description="least that it can give, amps (IEC 61851-1: 6)")
    max_a: float = Field(default=32.0, ge=6, le=MOST_A, description="most that it may give, amps per phase")
    priority: int = Field(default=0, ge=-100, le=100, description="higher is served first")
    weight: float = Field(default=1.0, gt=0, le=100, description="share among chargers of the same priority")
    fallback_a: float | None = Field(
        default=None,
        ge=0,
        le=MOST_A,
        description="what it may give while nobody talks to it, amps; without it max_a is assumed",
    )
    keeps_limit: bool = Field(
        default=False,
        description="confirmed: it holds no leases, and may keep its last limit when the hub dies, even if too much",
    )

    def charger(self, id: ChargerId, default_port: int | None) -> Charger:
        """The entry as the drawing has it."""
        return Charger(
            id=id,
            circuit=CircuitId(self.circuit),
            integration=self.integration,
            station=self.identity(default_port),
            connector=self.connector,
            name=self.name,
            phases=self.phases,
            connection=self.connection,
            min_a=self.min_a,
            max_a=self.max_a,
            priority=self.priority,
            weight=self.weight,
            fallback_a=self.fallback_a,
            keeps_limit=self.keeps_limit,
        )


class MeterConfig(DeviceConfig):
    """One entry of `meters`. Which circuit it measures is said there: `grid.meter`, `circuits.<id>.meter`."""

    kind = Kind.METER

    def meter(self, id: MeterId, default_port: int | None) -> Meter:
        """The entry as the drawing has it."""
        return Meter(id=id, integration=self.integration, station=self.identity(default_port), name=self.name)
