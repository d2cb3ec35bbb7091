"""The documents of hub/core/shown.py as models, from which the API's description is made; tests hold both together.

They describe and never filter. Unknown is null, never 0; the unit is in the name; times are ISO 8601, UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.core.state import PlanState
from hub.model.candidate import Confidence, Kind
from hub.model.charger import Capability, Status
from hub.model.grant import Limiter
from hub.model.units import Phase

PerLine = Annotated["Lines", Field(description="by supply line of the site")]


class Shape(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(frozen=True, defer_build=True)  # built when somebody asks for the description


class Lines(Shape):
    """A figure for each supply line of the site; null where it is unknown, or where a line has no limit."""

    l1: float | None
    l2: float | None
    l3: float | None


class FaultState(Shape):
    """What a charger says is wrong with it."""

    code: str | None = Field(description="OCPP 1.6's word")
    vendor_code: str | None
    text: str | None


class OpenSession(Shape):
    """The session that is open at a charger."""

    id: str
    transaction: int | None = Field(description="the number that runs at the charger")
    started_at: datetime
    energy_wh: float | None = Field(description="since the start")
    token: str | None


class DrawnCharger(Shape):
    """What config.yaml says of a charger."""

    phases: list[Phase] | None = Field(description="the supply line behind each terminal; null: not known")
    min_a: float
    max_a: float
    fallback_a: float | None


class ChargerState(Shape):
    """A charger: what it does, what it measures, what it may draw and why not more."""

    online: bool | None = Field(description="the hub and the charger can talk; null: not heard of yet")
    ts: datetime
    name: str
    status: Status | None
    fault: FaultState | None
    enabled: bool | None
    measured_at: datetime | None
    power_w: float | None
    current_a: PerLine
    voltage_v: PerLine
    energy_wh: float | None = Field(description="its lifetime register")
    offered_a: float | None = Field(description="what it offers the car now, per phase")
    limit_a: float | None = Field(description="what the hub grants, per phase")
    held_a: float | None = Field(description="the limit that it has confirmed, per phase")
    limit_reason: Limiter | None = Field(description="why it is not more")
    limit_circuit: str | None
    limit_text: str | None
    queue_position: int | None = Field(description="it waits for its turn, and is the so manyth")
    queue_until: datetime | None = Field(description="when it may be its turn, as far as anybody can say")
    safe_a: float | None = Field(description="its share while nobody tells it anything")
    lease_until: datetime | None = Field(description="its limit ends then by itself unless it is told again")
    lease_text: str | None = Field(description="why its limit does not end by itself")
    requested_a: float | None = Field(description="what somebody asked for at most")
    allowed: bool
    session: OpenSession | None
    circuit: str
    station: str
    vendor: str | None
    model: str | None
    firmware: str | None
    drawn: DrawnCharger
    can: list[Capability]


class CircuitState(Shape):
    """A circuit of the drawing, and what the balancer last made of it."""

    ts: datetime
    name: str
    parent: str | None
    current_a: PerLine
    limit_a: PerLine
    power_w: float | None
    headroom_a: PerLine
    binding: bool | None = Field(description="it keeps at least one charger from more")
    measured: bool | None = Field(description="by a meter of its own, not summed from what hangs on it")
    over: bool | None = Field(description="a line carries more than its limit")


class MeterState(Shape):
    """A meter and its latest reading; import is positive."""

    ts: datetime
    measured_at: datetime | None
    name: str
    online: bool | None
    power_w: float | None
    current_a: PerLine
    voltage_v: PerLine
    phase_power_w: PerLine
    import_wh: float | None
    export_wh: float | None


class ChargerCounts(Shape):
    """How many chargers are drawn, can be talked to, and charge now."""

    total: int
    online: int
    charging: int


class BalancingState(Shape):
    """Whether the balancer has the whole site before it; while it starts, nothing is raised."""

    state: Literal["starting", "running"]
    since: datetime
    waits_for: list[str]


class SafePlanState(Shape):
    """Whether the site is safe by itself when the hub dies, with the chargers that stand out."""

    state: PlanState
    chargers: list[str]


class AlarmState(Shape):
    """What a person should know now."""

    code: str
    text: str
    since: datetime | None


class SiteState(Shape):
    """The site as a whole."""

    ts: datetime
    name: str
    power_w: float | None = Field(description="through the grid connection; import is positive")
    current_a: PerLine
    chargers: ChargerCounts
    balancing: BalancingState | None
    safe_plan: SafePlanState | None
    alarms: list[AlarmState]


class AddressState(Shape):
    """Where a device answers."""

    host: str
    port: int


class CandidateState(Shape):
    """A device that was found and waits to be adopted."""

    ts: datetime
    integration: str
    kind: Kind
    station: str
    address: AddressState | None = Field(description="null for a device that dialled in")
    confidence: Confidence
    model: str | None
    source: str
    connectors: int | None


class ConfigState(Shape):
    """The configuration file, and what became of it."""

    file: str
    problems: int = Field(description="errors in the file as it is now; the hub goes on with what it had")
    needs_restart: list[str]


class LoopLag(Shape):
    """By how much the event loop was late in the last minute."""

    p99: float | None
    max: float | None


class HubState(Shape):
    """The program itself."""

    loop_lag_ms: LoopLag


class Health(Shape):
    """It lives."""

    status: Literal["ok"]
    hub: HubState


class Chargers(Shape):
    """Every charger by its id."""

    chargers: dict[str, ChargerState]


class Circuits(Shape):
    """Every circuit by its id; the grid connection is `grid`."""

    circuits: dict[str, CircuitState]


class Meters(Shape):
    """Every meter by its id."""

    meters: dict[str, MeterState]


class Candidates(Shape):
    """The devices that wait to be adopted."""

    candidates: list[CandidateState]


class SiteDocument(Chargers, Circuits, Meters, Candidates):
    """The whole site in one document."""

    ts: datetime
    time_zone: str
    site: SiteState
    config: ConfigState
    hub: HubState
