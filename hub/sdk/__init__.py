"""The surface for integrations: everything an integration may use of the hub, and nothing else.

An integration is a folder under `integrations/` with a `manifest.yaml` and one entry, `start`. A *client* integration
serves one device: `async def start(host: StationHost, config: Config) -> Driver`. A *server* integration waits for
devices that dial in: `async def start(host: ServerHost, config: ServerConfig) -> Driver`.
"""

from hub.core.clock import Clock
from hub.core.listen import Listening, listen
from hub.core.mqtt_link.outbox import Message
from hub.core.ports import Broker
from hub.core.tasks import Tasks, back_off_s
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.charger import Capability, Charger, Status
from hub.model.errors import BadConfig, EvhubError, NotKept, PortInUse, Refused, Unreachable, Unsupported
from hub.model.ids import ChargerId, MeterId, StationId, TransactionId
from hub.model.lease import Lease, Leasing
from hub.model.reading import (
    ChargerReading,
    ChargerReport,
    ChargerStatus,
    Contact,
    Fault,
    Identity,
    LimitHeld,
    Link,
    MeterReading,
    MeterReport,
)
from hub.model.session import TransactionStart, TransactionStop
from hub.model.units import PHASES, PerPhase, Phase, floor_to, known, same_on_each
from hub.sdk.capabilities import Driver, HoldsLeases, Listens, Resets, SetsLimit, StartsAndStops, Unlocks
from hub.sdk.config import IntegrationConfig
from hub.sdk.host import Decision, ServerHost, StationHost
from hub.sdk.manifest import Manifest, Matcher
from hub.sdk.plugged import keep_transaction
from hub.sdk.poller import Poller
from hub.sdk.web_device import WebDevice, json_object

__all__ = [
    "PHASES",
    "Address",
    "BadConfig",
    "Broker",
    "Candidate",
    "Capability",
    "Charger",
    "ChargerId",
    "ChargerReading",
    "ChargerReport",
    "ChargerStatus",
    "Clock",
    "Confidence",
    "Contact",
    "Decision",
    "Driver",
    "EvhubError",
    "Fault",
    "HoldsLeases",
    "Identity",
    "IntegrationConfig",
    "Kind",
    "Lease",
    "Leasing",
    "LimitHeld",
    "Link",
    "Listening",
    "Listens",
    "Manifest",
    "Matcher",
    "Message",
    "MeterId",
    "MeterReading",
    "MeterReport",
    "NotKept",
    "PerPhase",
    "Phase",
    "Poller",
    "PortInUse",
    "Refused",
    "Resets",
    "ServerHost",
    "SetsLimit",
    "StartsAndStops",
    "StationHost",
    "StationId",
    "Status",
    "Tasks",
    "TransactionId",
    "TransactionStart",
    "TransactionStop",
    "Unlocks",
    "Unreachable",
    "Unsupported",
    "WebDevice",
    "back_off_s",
    "floor_to",
    "json_object",
    "keep_transaction",
    "known",
    "listen",
    "same_on_each",
]
