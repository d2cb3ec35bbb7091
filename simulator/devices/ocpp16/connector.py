"""One connector of a charge point: from plug-in over authorisation and transaction to unplug, and its status words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ocpp.v16 import call

from simulator.devices.ocpp16.keys import Keys
from simulator.devices.ocpp16.link import Answer
from simulator.devices.ocpp16.metering import meter_value, now_text, register_wh
from simulator.devices.ocpp16.outbox import Message, Outbox
from simulator.devices.profiles import Profile
from simulator.world.evse import Evse

WAKE_S = 6.0  # a car that draws nothing for so long after an offer does not want it
CARD_AGAIN_S = 5.0
CARD_S = 2.0  # how long a driver takes from the plug to the card reader


class Owner(Protocol):
    """What the station decides for all of its connectors."""

    keys: Keys
    outbox: Outbox
    accepted_tags: set[str]  # the authorisation cache

    @property
    def free_vend(self) -> bool:
        """Charging needs no card."""

    @property
    def online(self) -> bool:
        """The central system has accepted us and the link is up."""

    def now_s(self) -> float:
        """Monotonic seconds."""

    def clock(self) -> datetime:
        """What its own clock says."""

    def transaction_ended(self, connector: int) -> None:
        """A transaction is over: its profiles go, a scheduled change of availability comes."""

    def adopt_profile(self, profile: Profile) -> None:
        """Install the TxProfile that came with a RemoteStart."""


@dataclass(eq=False)
class Transaction:
    """A running transaction. `id` is unknown until StartTransaction is answered."""

    tag: str
    began: datetime
    next_sample_s: float
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """A RemoteStart that waits for its car, until `until_s`."""

    tag: str
    until_s: float
    profile: Profile | None = None


@dataclass
class _Visit:
    """What has happened since the car was plugged in."""

    shows_card_at_s: float
    asking: bool = False
    refused: bool = False
    charged: bool = False  # a transaction has ended, the cable is still in


@dataclass
class Connector:
    """Connector `number` of a station, on one outlet of the world. `step` is called a few times a second."""

    number: int
    evse: Evse
    owner: Owner
    tag: str  # the card that drivers show here; "" for none
    available: bool = True
    inoperative_next: bool = False  # ChangeAvailability that waits for the end of the transaction
    transaction: Transaction | None = None
    preset: Preset | None = None
    frozen_sample: dict[str, object] | None = None
    told: tuple[str, str] | None = None  # status and error that the central system knows
    _visit: _Visit | None = None
    _pilot_a: float = 0.0
    _offered_since_s: float = 0.0

    def step(self, limit_a: float) -> None:
        """Look at the outlet and act: start, stop, follow the limit, report."""
        self._plug_or_unplug()
        self._authorise()
        self._follow(limit_a)
        self._sample()
        self._report()

    @property
    def status(self) -> str:
        """The ChargePointStatus of OCPP 1.6."""
        if self.evse.fault is not None:
            return "Faulted"
        if not self.available:
            return "Unavailable"
        if self.transaction is not None:
            return self._charging_status()
        if self._visit is None:
            return "Available"
        return "Finishing" if self._visit.charged else "Preparing"

    @property
    def startable(self) -> bool:
        """RemoteStart may be accepted."""
        return self.transaction is None and self.available and self.evse.fault is None

    def remote_start(self, tag: str, profile: Profile | None) -> None:
        """Start for `tag` when a car is there, or when one comes before ConnectionTimeOut."""
        self.preset = Preset(tag, self.owner.now_s() + self.owner.keys.number("ConnectionTimeOut"), profile)
        if self._visit is not None:
            self._visit = _Visit(self.owner.now_s())

    def stop(self, reason: str) -> None:
        """End the transaction, with one of OCPP's reasons."""
        ended, self.transaction = self.transaction, None
        if ended is None:
            return
        meter_stop, at = register_wh(self.evse), self._now_text()
        self._post(lambda: _stop(ended, meter_stop, at, reason), keeps=True)
        if self._visit is not None:
            self._visit.charged = True
        self.owner.transaction_ended(self.number)

    def post_status(self) -> None:
        """Say the status, whether it is news or not."""
        self.told = (self.status, self.evse.fault or "NoError")
        status, error, at = *self.told, self._now_text()
        self._post(lambda: call.StatusNotification(self.number, error, status, timestamp=at))

    def post_sample(self, names: tuple[str, ...], context: str) -> None:
        """Send a MeterValues now."""
        running = self.transaction
        sample = (self.frozen_sample or meter_value(self.evse, names, context)) | {"timestamp": self._now_text()}
        self._post(lambda: _meter_values(self.number, sample, running), keeps=running is not None, sheds=True)

    def forget_visit(self) -> None:
        """The controller restarted: a car that is there counts as newly come, with nobody to show a card."""
        self._visit = _Visit(math.inf) if self.evse.plugged else None
        self.preset = None

    def _plug_or_unplug(self) -> None:
        if self.evse.plugged and self._visit is None:
            self._visit = _Visit(self.owner.now_s() + CARD_S)
        elif not self.evse.plugged and self._visit is not None:
            self.stop("EVDisconnected")
            self._visit = None
        if self.preset is not None and self.owner.now_s() > self.preset.until_s:
            self.preset = None

    def _authorise(self) -> None:
        visit = self._visit
        if visit is None or not self.startable or visit.asking or visit.refused or visit.charged:
            return
        ready = self.owner.now_s() >= visit.shows_card_at_s
        if self.preset is not None and ready:
            self._try_tag(self.preset.tag, visit, ask=self.owner.keys.on("AuthorizeRemoteTxRequests"))
        elif self.owner.free_vend:
            self._start(self.tag)
        elif self.tag and ready:
            self._try_tag(self.tag, visit, ask=True)

    def _try_tag(self, tag: str, visit: _Visit, ask: bool) -> None:
        if not ask or self._known(tag):
            self._start(tag)
        elif self.owner.online:
            visit.asking = True
            request = Message(lambda: call.Authorize(tag), lambda answer: self._authorised(tag, visit, answer))
            request.failed = lambda: self._unanswered(visit)
            self.owner.outbox.post(request)

    def _known(self, tag: str) -> bool:
        keys = self.owner.keys
        if self.owner.online:
            return keys.on("LocalPreAuthorize") and tag in self.owner.accepted_tags
        cached = keys.on("LocalAuthorizeOffline") and tag in self.owner.accepted_tags
        return cached or keys.on("AllowOfflineTxForUnknownId")

    def _authorised(self, tag: str, visit: _Visit, answer: Answer) -> None:
        visit.asking = False
        if _tag_status(answer) != "Accepted":
            visit.refused = True
            self.preset = None
            self.owner.accepted_tags.discard(tag)
            return
        self.owner.accepted_tags.add(tag)
        if visit is self._visit and self.startable:
            self._start(tag)

    def _unanswered(self, visit: _Visit) -> None:
        """The driver shows the card again after a while."""
        visit.asking = False
        visit.shows_card_at_s = self.owner.now_s() + CARD_AGAIN_S

    def _start(self, tag: str) -> None:
        every_s = self.owner.keys.number("MeterValueSampleInterval")
        begun = Transaction(tag, self.owner.clock(), self.owner.now_s() + every_s)
        self.transaction = begun
        meter_start, at = register_wh(self.evse), now_text(begun.began)
        self._post(
            lambda: call.StartTransaction(self.number, tag, meter_start, at),
            lambda answer: self._started(begun, answer),
            keeps=True,
        )
        preset, self.preset = self.preset, None
        if preset is not None and preset.profile is not None:
            self.owner.adopt_profile(preset.profile)

    def _started(self, begun: Transaction, answer: Answer) -> None:
        begun.id = int(str(answer.transaction_id))
        accepted = _tag_status(answer) in ("Accepted", "ConcurrentTx")
        if not accepted and begun is self.transaction and self.owner.keys.on("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized")

    def _follow(self, limit_a: float) -> None:
        wanted_a = limit_a if self.transaction is not None and self.available else 0.0
        if wanted_a != self._pilot_a:
            if self._pilot_a == 0:
                self._offered_since_s = self.owner.now_s()
            self._pilot_a = wanted_a
            self.evse.set_pilot(wanted_a)

    def _sample(self) -> None:
        running, every_s = self.transaction, self.owner.keys.number("MeterValueSampleInterval")
        if running is None or every_s == 0:
            return
        now_s = self.owner.now_s()
        running.next_sample_s = min(running.next_sample_s, now_s + every_s)
        if now_s >= running.next_sample_s:
            running.next_sample_s = max(running.next_sample_s + every_s, now_s)
            self.post_sample(self.owner.keys.measurands("MeterValuesSampledData"), "Sample.Periodic")

    def _report(self) -> None:
        if self.owner.online and self.told != (self.status, self.evse.fault or "NoError"):
            self.post_status()

    def _charging_status(self) -> str:
        if self.evse.power_w > 0:
            return "Charging"
        if self._pilot_a == 0 and self.evse.offered_a == 0:
            return "SuspendedEVSE"
        if self.evse.offered_a > 0 and self.owner.now_s() - self._offered_since_s > WAKE_S:
            return "SuspendedEV"
        return self.told[0] if self.told and self.told[0] in ("Charging", "SuspendedEVSE") else "Preparing"

    def _now_text(self) -> str:
        return now_text(self.owner.clock())

    def _post(
        self,
        request: Callable[[], object],
        answered: Callable[[Answer], object] | None = None,
        keeps: bool = False,
        sheds: bool = False,
    ) -> None:
        self.owner.outbox.post(Message(request, answered, keeps=keeps, sheds=sheds))


def _stop(ended: Transaction, meter_stop: int, at: str, reason: str) -> object:
    number = -1 if ended.id is None else ended.id  # the start was never acknowledged
    return call.StopTransaction(meter_stop, at, number, reason=reason, id_tag=ended.tag)


def _meter_values(connector: int, sample: dict[str, object], running: Transaction | None) -> object:
    return call.MeterValues(connector, [sample], transaction_id=running.id if running else None)


def _tag_status(answer: Answer) -> str:
    info = answer.id_tag_info
    return str(info.get("status")) if isinstance(info, dict) else "Invalid"
