"""Settings of the balancer: the grid connection, the circuits under it, and how the balancer works."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from hub.balance.queue import Turns
from hub.model.site import DeltaPrimary, Device
from hub.model.units import PerPhase

MOST_A = 10_000.0


class Lines(BaseModel):
    """Amps for each line, where they differ."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    l1: float = Field(gt=0, le=MOST_A)
    l2: float = Field(gt=0, le=MOST_A)
    l3: float = Field(gt=0, le=MOST_A)


def _per_line(given: Any) -> Any:
    """A number counts for each line, a list is L1, L2, L3."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return {"l1": given, "l2": given, "l3": given}
    if isinstance(given, (list, tuple)):
        if len(given) != 3:
            raise ValueError(f"has {len(given)} numbers; write one for all lines, or three: [L1, L2, L3]")
        return dict(zip(("l1", "l2", "l3"), given, strict=True))
    if isinstance(given, (dict, Lines)):
        return given
    raise ValueError("is no current; write 32, or [32, 32, 25], in amps")


LineAmps = Annotated[Lines, BeforeValidator(_per_line)]


def per_phase(lines: Lines) -> PerPhase[float]:
    """As the drawing has it."""
    return PerPhase(lines.l1, lines.l2, lines.l3)


class DeltaPrimaryConfig(BaseModel):
    """The primary side of a delta-wye transformer that feeds the site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit_a: LineAmps = Field(description="what its lines may carry, amps")
    turns: float = Field(gt=0, description="primary turns for one secondary turn")

    def primary(self) -> DeltaPrimary:
        """As the drawing has it."""
        return DeltaPrimary(per_phase(self.limit_a), self.turns)


class NodeConfig(BaseModel):
    """What the grid connection and every circuit have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", max_length=100, description="what people call it")
    limit_a: LineAmps = Field(description="what may flow continuously on each line, amps: 32, or [32, 32, 25]")
    breaker_a: LineAmps | None = Field(default=None, description="rating of its protective device, amps")
    device: Device | None = Field(
        default=None, description="its protective device; with breaker_a: what it bears may pass for a moment"
    )
    meter: str | None = Field(default=None, description="id of the meter that measures all of it")


class GridConfig(NodeConfig):
    """The section `grid`: the site's connection, root of the drawing."""

    phases: Literal[1, 3] = Field(default=3, description="1 or 3")
    voltage_v: float = Field(default=230.0, gt=50, le=700, description="line to neutral, volts")
    delta_primary: DeltaPrimaryConfig | None = Field(default=None, description="limits before a delta-wye transformer")
    unmanaged_a: LineAmps | None = Field(
        default=None, description="the most that everything but the cars draws; assumed while the meter is silent"
    )

    def lines(self) -> PerPhase[float]:
        """Limits of the three lines; a single-phase connection has L1 only."""
        limit_a = per_phase(self.limit_a)
        return limit_a if self.phases == 3 else PerPhase(limit_a.l1, 0.0, 0.0)


class CircuitConfig(NodeConfig):
    """One entry of `circuits`."""

    parent: str = Field(default="grid", description="the circuit that feeds it")


class BalanceConfig(BaseModel):
    """The section `balance`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval_s: float = Field(default=10.0, ge=1, le=60, description="how often everything is shared anew, seconds")
    margin_a: float = Field(
        default=0.5, ge=0, le=10, description="kept free on metered circuits for the meter's own error, amps"
    )
    calm_s: float = Field(
        default=240, ge=0, le=3600, description="a car starts when what is left was enough for it for so long, seconds"
    )
    rotate_min: float = Field(
        default=15,
        ge=0,
        le=240,
        description="where not all can charge, one car changes places so often, minutes by the clock; 0: never",
    )
    least_on_s: float = Field(
        default=300, ge=0, le=3600, description="a car charges for so long before it makes room for another, seconds"
    )
    least_off_s: float = Field(
        default=300, ge=0, le=3600, description="a car that had to stop does not start again for so long, seconds"
    )

    def turns(self) -> Turns:
        """How cars change places."""
        return Turns(self.rotate_min * 60, self.least_on_s, self.least_off_s)
