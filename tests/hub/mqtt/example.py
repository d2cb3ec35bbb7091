"""One site, filled by hand, that the tests and the examples in docs/reference/mqtt.md share."""

from datetime import UTC, datetime, timedelta

from hub.core.state import LiveBalancing, LiveCharger, LiveCircuit, LiveMeter, LiveSafePlan, Picture, PlanState
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.charger import Charger, Status
from hub.model.facts import SessionEnded
from hub.model.grant import Grant, Limiter
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId, SessionId, StationId, TransactionId
from hub.model.lease import Lease, Leasing
from hub.model.reading import ChargerReading, Identity, MeterReading
from hub.model.session import LiveSession
from hub.model.site import Circuit, Meter, Site
from hub.model.units import PerPhase, Phase, same_on_each

NOW = datetime(2026, 1, 31, 15, 4, 5, 123456, tzinfo=UTC)
BEFORE = datetime(2026, 1, 31, 15, 4, 4, tzinfo=UTC)
BAY_1, BAY_2 = ChargerId("bay-1"), ChargerId("bay-2")
SESSION = SessionId("019c1491dce8a1b2c3d4e5f60718293a")
GARAGE, MAIN = CircuitId("garage"), MeterId("main")
ROTATED = (Phase.L2, Phase.L3, Phase.L1)


def site() -> Site:
    """A house with a garage: two chargers, the first with its wiring rotated by one line."""
    return Site(
        "Riverside 12",
        circuits={
            GRID: Circuit(GRID, None, same_on_each(63.0), "Grid connection", meter=MAIN),
            GARAGE: Circuit(GARAGE, GRID, PerPhase(32.0, 32.0, float("inf")), "Garage"),
        },
        chargers={
            BAY_1: Charger(BAY_1, GARAGE, "ocpp", StationId("CP/1"), 1, "Bay 1", ROTATED),
            BAY_2: Charger(BAY_2, GARAGE, "openevse", StationId("oe-77"), 1, "", None),
        },
        meters={MAIN: Meter(MAIN, "shelly", StationId("shellypro3em-1"), "Main meter")},
    )


def picture() -> Picture:
    """Bay 1 charges, bay 2 was never heard of, the meter measures."""
    reading = ChargerReading(
        at=BEFORE,
        current_a=PerPhase(10.04, 9.98, 0.0),
        voltage_v=PerPhase(231.04, 229.96, 230.0),
        power_w=4602.26,
        energy_wh=1204567.4,
        offered_a=10.6,
    )
    bay_1 = LiveCharger(
        BAY_1,
        StationId("CP/1"),
        online=True,
        status=Status.CHARGING,
        enabled=True,
        identity=Identity(vendor="Acme", model="One", serial="4711", firmware="1.2.3"),
        reading=reading,
        line_a=PerPhase(0.0, 10.04, 9.98),
        held_a=10.6,
        leasing=Leasing(at=BEFORE, lease_s=45.0),
        lease=Lease(NOW + timedelta(seconds=45), floor_a=8.0),
        session=LiveSession(
            id=SESSION, started_at=BEFORE, transaction=TransactionId(7), token="04A2B3C4", energy_wh=1200.4
        ),
    )
    meter = LiveMeter(
        MAIN,
        online=True,
        reading=MeterReading(
            at=BEFORE,
            current_a=PerPhase(12.345, -3.2, None),
            voltage_v=same_on_each(230.04),
            power_w=PerPhase(2839.0, -736.04, None),
            total_w=2102.96,
            import_wh=88123.6,
            export_wh=None,
        ),
    )
    return Picture(
        site(),
        chargers={BAY_1: bay_1, BAY_2: LiveCharger(BAY_2, StationId("oe-77"))},
        meters={MAIN: meter},
        grants={
            BAY_1: Grant(
                charger=BAY_1,
                limit_a=10.666,
                limiter=Limiter.CIRCUIT,
                text="Garage, L2, is shared by two cars",
                circuit=GARAGE,
                phase=Phase.L2,
                safe_a=8.0,
            )
        },
        circuits={
            GRID: LiveCircuit(
                GRID,
                BEFORE,
                current_a=PerPhase(12.3, 24.06, 18.0),
                headroom_a=PerPhase(50.7, 38.94, 45.0),
                limit_a=same_on_each(63.0),
                power_w=12502.86,
                measured=True,
                binding=False,
            ),
            GARAGE: LiveCircuit(
                GARAGE,
                BEFORE,
                current_a=PerPhase(0.0, 10.04, None),
                headroom_a=PerPhase(32.0, 21.96, None),
                limit_a=PerPhase(32.0, 32.0, float("inf")),
                power_w=4602.26,
                measured=False,
                binding=True,
            ),
        },
        balancing=LiveBalancing(BEFORE, (BAY_2,)),
        safe_plan=LiveSafePlan(PlanState.PARTLY, (BAY_2,)),
    )


def candidate(station: str = "openevse-a1b2", integration: str = "openevse") -> Candidate:
    """A device that was found by zeroconf."""
    return Candidate(
        integration=integration,
        kind=Kind.CHARGER,
        station=StationId(station),
        address=Address("192.168.1.40", 80),
        confidence=Confidence.SURE,
        seen_at=BEFORE,
        model="openevse_wifi_v1",
        source="zeroconf",
    )


def session_ended() -> SessionEnded:
    """The end of a charge."""
    return SessionEnded(
        at=NOW,
        charger=BAY_1,
        session=SESSION,
        transaction=TransactionId(7),
        started_at=BEFORE,
        ended_at=NOW,
        energy_wh=11250.0,
        reason="EVDisconnected",
        flags=("gap",),
    )
