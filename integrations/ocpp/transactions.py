"""The transactions of one station: ids, starts and stops that come twice, late or never, and restarts in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeGuard

from hub.sdk import NotKept, StationHost, Status, TransactionId, TransactionStart, TransactionStop
from hub.wire.ocpp16 import OcppError, lenient
from integrations.ocpp import translate
from integrations.ocpp.pace import Pace

STILL_ON = (Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE)


class Transactions:
    """Keeps the hub's record in step with what the station says on one socket."""

    def __init__(self, host: StationHost, pace: Pace) -> None:
        self._host, self._pace = host, pace
        self._unconfirmed: set[int] = set()  # ran when the station restarted; nothing has shown since that it does
        self._heard: dict[int, int] = {}  # ids in meter values: also one that another central system gave
        self._ending: dict[int, asyncio.Task[bool]] = {}

    def booted(self) -> None:
        """The station restarted. That proves no end: what ran is unconfirmed until something shows its fate."""
        self._unconfirmed = {n for n in self._host.chargers if self._host.transaction_of(n) is not None}

    def running(self, connector: int) -> TransactionId | None:
        """The transaction to stop: the hub's own, else the one that the station names in its meter values."""
        heard = self._heard.get(connector)
        return self._host.transaction_of(connector) or (None if heard is None else TransactionId(heard))

    def connector_of(self, said: int | None) -> int | None:
        """The outlet that a message is about; a station with one outlet may leave it out. None if it is not drawn."""
        chargers = self._host.chargers
        if not said and len(chargers) == 1:
            return next(iter(chargers))
        return said if said in chargers else None

    async def start(self, connector: int, message: lenient.StartTransaction) -> TransactionId:
        """Record a start. After a restart the same token goes on with the transaction that ran."""
        said = TransactionStart(
            connector=connector,
            at=translate.said_at(message.timestamp, self._host.clock.now()),
            token=message.id_tag,
            meter_wh=None if message.meter_start is None else float(message.meter_start),
            resumes=connector in self._unconfirmed and connector not in self._ending,
        )
        with _kept():
            transaction = await self._host.transaction_started(said)
        self._settle(connector)
        self._heard.pop(connector, None)
        return transaction

    def where(self, message: lenient.StopTransaction) -> int | None:
        """The connector where the transaction that ends has run, as far as its number says it."""
        at_work = self._at_work()
        if len(self._host.chargers) == 1 and not _is_number(message.transaction_id):
            return next(iter(at_work), None)
        return next((n for n, running in at_work.items() if running == message.transaction_id), None)

    async def stop(self, message: lenient.StopTransaction) -> list[int]:
        """Record an end, whatever id it has; the connectors that have no transaction any more."""
        before = self._at_work()
        said = TransactionStop(
            transaction=TransactionId(message.transaction_id if _is_number(message.transaction_id) else 0),
            at=translate.said_at(message.timestamp, self._host.clock.now()),
            token=message.id_tag,
            meter_wh=None if message.meter_stop is None else float(message.meter_stop),
            reason=message.reason or "Local",
        )
        with _kept():
            await self._host.transaction_stopped(said)
        self._heard = {n: heard for n, heard in self._heard.items() if heard != message.transaction_id}
        ended = sorted(before.keys() - self._at_work().keys())
        for connector in ended:
            self._settle(connector)
        return ended

    def measured(self, connector: int, transaction: int | None) -> None:
        """A live sample of a transaction: it goes on."""
        if transaction is not None and transaction > 0:
            self._heard[connector] = transaction
            is_in_doubt = connector in self._unconfirmed or connector in self._ending
            if is_in_doubt and transaction == self._host.transaction_of(connector):
                self._settle(connector)

    def status(self, connector: int, status: Status | None) -> None:
        """An outlet that is free has no transaction: if no StopTransaction comes soon, it was lost."""
        if status in STILL_ON:
            self._do_not_end(connector)
        elif status is Status.AVAILABLE:
            self._heard.pop(connector, None)
            transaction = self._host.transaction_of(connector)
            if transaction is not None and connector not in self._ending:
                self._ending[connector] = self._host.tasks.once("lost stop", self._give_up(connector, transaction))

    def end(self) -> None:
        """The socket is closed: wait for no stop any more."""
        for waiting in self._ending.values():
            waiting.cancel()
        self._ending.clear()

    async def _give_up(self, connector: int, transaction: TransactionId) -> None:
        at = self._host.clock.now()
        await self._host.clock.sleep(self._pace.lost_stop_s)
        self._host.log.warning("transaction %d is over, as its outlet is free; its stop never came", transaction)
        reason = "Reboot" if connector in self._unconfirmed else None
        self._ending.pop(connector, None)
        self._unconfirmed.discard(connector)
        await self._host.transaction_stopped(TransactionStop(transaction=transaction, at=at, reason=reason))

    def _settle(self, connector: int) -> None:
        """It is known again what runs."""
        self._unconfirmed.discard(connector)
        self._do_not_end(connector)

    def _do_not_end(self, connector: int) -> None:
        waiting = self._ending.pop(connector, None)
        if waiting is not None:
            waiting.cancel()

    def _at_work(self) -> dict[int, TransactionId]:
        """What runs at each connector that has something running."""
        running = {n: self._host.transaction_of(n) for n in self._host.chargers}
        return {n: transaction for n, transaction in running.items() if transaction is not None}


def _is_number(said: int | None) -> TypeGuard[int]:
    """Stations send none, 0 or -1 whose start was never answered: the sessions room knows which outlet may be meant."""
    return said is not None and said > 0


@contextmanager
def _kept() -> Iterator[None]:
    """What the database cannot take is not answered as if it were done: the station sends it again."""
    try:
        yield
    except NotKept as full:
        raise OcppError("InternalError", full.message) from full
