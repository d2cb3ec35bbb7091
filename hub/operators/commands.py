"""Commands from an operator: each id is carried out at most once, for ever, and has one reply.

A command is on disk before it is carried out, and its reply before it is sent. The same id again gets the same reply. A
hub that was ended in between does not know whether it was done; it says so, and does not try again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from hub.core.clock import Clock
from hub.core.mqtt_link.outbox import Message
from hub.core.orders import Caller, Envelope, Orders
from hub.core.orders import Reply as Answer
from hub.core.tasks import Tasks, survive
from hub.model.errors import EvhubError, NotKept, NotKnown, Refused
from hub.model.person import Role, Roles
from hub.operators.permits import refusal
from hub.operators.store import CommandLog
from hub.wire.operator.base import read
from hub.wire.operator.errors import NotReadable
from hub.wire.operator.messages import Command, Reply

log = logging.getLogger(__name__)

VIA = "operator"
ROLES: Roles = frozenset({Role.OPERATOR, Role.SUPPORT})
MOST_AT_ONCE = 8
LOOK_FIRST = "look at the site's status, then send a new command with another id where it is needed"


@dataclass(slots=True)
class Commands:
    """Takes the commands of one operator. `send` answers them."""

    operator: str
    allowed: Collection[str]
    orders: Orders
    taken: CommandLog
    clock: Clock
    synced: Callable[[], bool | None]
    send: Callable[[bytes], None]
    tasks: Tasks
    _at_work: set[str] = field(default_factory=set)

    async def start(self) -> None:
        """Answer what an earlier run of the hub took and did not answer."""
        for id in await self.taken.unanswered():
            await self._close(id, Answer(error=_not_known()))

    def came(self, message: Message) -> None:
        """A command arrived."""
        try:
            command = read(Command, message.payload)
        except NotReadable as wrong:
            log.warning("%s sent a command that cannot be read: %s", self.operator, wrong)
            return
        if command.id in self._at_work:  # its reply is on the way
            return
        if len(self._at_work) >= MOST_AT_ONCE:
            step = "wait for their replies, then send it again"
            self._say(command.id, Answer(error=Refused(f"{MOST_AT_ONCE} commands are at work already", step)))
            return
        self._at_work.add(command.id)
        self.tasks.once(f"command {command.id}", self._take(command, stored=message.retain))

    async def _take(self, command: Command, *, stored: bool) -> None:
        try:
            if (reply := await self._earlier(command)) is not None:
                self.send(reply)
            else:
                await self._carry_out(command, stored=stored)
        except EvhubError as failed:
            self._say(command.id, Answer(error=failed))
        finally:
            self._at_work.discard(command.id)

    async def _earlier(self, command: Command) -> bytes | None:
        """The reply of a command that was taken before."""
        found = await self.taken.find(command.id)
        if found is None:
            return None
        return found.encode() if found else _wire(command.id, Answer(error=_not_known()))

    async def _carry_out(self, command: Command, *, stored: bool) -> None:
        """Raises the reason why it is not taken."""
        now, expires_at = self.clock.now(), datetime.fromisoformat(command.expires_at)
        why_not = refusal(command, self.allowed, now, synced=self.synced(), stored=stored)
        if why_not is not None:
            await self.orders.note(Envelope(command.name, command.args), Caller(self.operator, VIA, ROLES), why_not)
            raise why_not
        await self.taken.take(command.id, command.name, expires_at)
        order = Envelope(command.name, command.args, expires_at=expires_at)
        answers: list[Answer] = []

        async def ask() -> None:
            answers.append(await self.orders.answer(order, Caller(self.operator, VIA, ROLES)))

        await survive(f"order {command.name}", ask())
        await self._close(command.id, answers[0] if answers else Answer(error=_failed(command.name)))

    async def _close(self, id: str, answer: Answer) -> None:
        """Keep the reply, then send it; one that cannot be kept is sent all the same."""
        reply = _wire(id, answer)
        with suppress(NotKept):  # the store says so itself
            await self.taken.answered(id, reply.decode())
        self.send(reply)

    def _say(self, id: str, answer: Answer) -> None:
        self.send(_wire(id, answer))


def _wire(id: str, answer: Answer) -> bytes:
    said = orjson.loads(orjson.dumps(answer.to_json()))
    return Reply.model_validate({"schema": "evhub.reply.v1", "id": id, **said}).to_json()


def _not_known() -> NotKnown:
    return NotKnown("the hub ended while it was at work on this command: it may be done or not", LOOK_FIRST)


def _failed(name: str) -> EvhubError:
    return EvhubError(f"the hub failed on {name}", "its log says why")
