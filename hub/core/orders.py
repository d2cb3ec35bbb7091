"""Orders: named things that may be asked for, each with one owner, typed arguments, a deadline and one reply.

CLI, API, MQTT, pages and automations all come through `answer()`: the same order has the same effect, the same reply,
the same check of who may give it and the same audit line wherever it came from.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.core.clock import Clock
from hub.model.errors import EvhubError, Expired, Invalid, NotAllowed, NotFound, NotKept, Unreachable
from hub.model.person import Roles

log = logging.getLogger(__name__)
audit = logging.getLogger("evhub.audit")

Result = Mapping[str, object]
REMEMBERED_REPLIES = 1000
LONGEST_NAME = 40
DEEPEST = 5
SECRETS = ("password", "secret", "key", "pin")


class Args(BaseModel):
    """Base of every order's arguments: strict about names, so that a typing error is never ignored.

    Where text is wanted a number is its text: a charger may be called 1, and a token may be all digits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


A = TypeVar("A", bound=Args)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who gives an order, by which way it came ("cli", "mqtt", "api", "page"…), what he is, and from where."""

    who: str
    via: str
    roles: Roles
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The one answer to an order: a result, or an error with the next step."""

    result: Result | None = None
    error: EvhubError | None = None

    @property
    def ok(self) -> bool:
        """True when it was done."""
        return self.error is None

    def to_json(self) -> dict[str, object]:
        """`{"ok": true, "result": …}` or `{"ok": false, "error": {"code", "message", "next"}}`."""
        if self.error is None:
            return {"ok": True, "result": dict(self.result or {})}
        why = self.error
        return {"ok": False, "error": {"code": why.code, "message": why.message, "next": why.next}}


@dataclass(frozen=True, slots=True)
class Envelope:
    """One order as it comes in. Two of one name with the same id from the same caller are one order."""

    name: str
    args: Mapping[str, object]
    id: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Served(Generic[A]):
    """One order of the catalogue."""

    name: str
    args: type[A]
    handle: Callable[[A, Caller], Awaitable[Result]]
    deadline_s: float
    says: str
    may: Roles
    reads: bool
    gives: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One order that somebody gave, and what came of it. `code` None: done."""

    at: datetime
    order: str
    args: Mapping[str, object]  # secrets masked
    caller: Caller
    code: str | None
    message: str


Book = Callable[[AuditLine], Awaitable[None]]


class Orders:
    """The catalogue of orders, and the only way to give one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._book: Book | None = None
        self._served: dict[str, Served[Args]] = {}
        self._replies: OrderedDict[tuple[str, ...], asyncio.Future[Reply]] = OrderedDict()
        self.given: Counter[tuple[str, str]] = Counter()  # by order, and "done" or the code of the error

    def serve(  # noqa: PLR0913 - all but three are named
        self,
        name: str,
        args: type[A],
        handle: Callable[[A, Caller], Awaitable[Result]],
        *,
        says: str,
        may: Roles,
        reads: bool = False,
        deadline_s: float = 30,
        gives: type[BaseModel] | None = None,
    ) -> None:
        """Offer an order. `says` is its line in the docs and in `evhub order --list`; `may`: who may give it.

        One that only `reads` leaves no line in the audit book, unless it was refused to somebody. `gives` describes its
        result to who reads the API's description.
        """
        if name in self._served:
            raise ValueError(f"order {name} has an owner already")
        self._served[name] = Served(name, args, handle, deadline_s, says, may, reads, gives)  # type: ignore[arg-type]

    def keep_book(self, book: Book | None) -> None:
        """Who writes down what was ordered; None: nobody."""
        self._book = book

    @property
    def catalogue(self) -> Mapping[str, Served[Args]]:
        """All orders by name."""
        return self._served

    async def answer(self, order: Envelope, caller: Caller) -> Reply:
        """Carry the order out and say how it went. Never raises; the same id from the same caller is done once."""
        if order.id is None or not self._may(order.name, caller):
            return await self._carry_out(order, caller)
        key = (caller.via, caller.who, order.name, order.id)
        if (earlier := self._replies.get(key)) is not None:
            return await asyncio.shield(earlier)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[key] = reply
        while len(self._replies) > REMEMBERED_REPLIES:
            self._replies.popitem(last=False)
        try:
            reply.set_result(await self._carry_out(order, caller))
        except BaseException:
            reply.cancel()
            self._replies.pop(key, None)
            raise
        return reply.result()

    def _may(self, name: str, caller: Caller) -> bool:
        served = self._served.get(name)
        return served is not None and bool(served.may & caller.roles)

    async def _carry_out(self, order: Envelope, caller: Caller) -> Reply:
        try:
            reply = Reply(result=await self._do(order, caller))
        except EvhubError as refused:
            reply = Reply(error=refused)
        name = order.name if order.name in self._served else "unknown"
        self.given[name, "done" if reply.error is None else reply.error.code] += 1
        await self.note(order, caller, reply.error)
        return reply

    async def note(self, order: Envelope, caller: Caller, error: EvhubError | None) -> None:
        """Write down what somebody ordered and what came of it, also where it was refused before it got here."""
        served = self._served.get(order.name)
        if served is not None and served.reads and not isinstance(error, NotAllowed):
            return
        code, message = (None, "done") if error is None else (error.code, error.message.partition("\n")[0])
        line = AuditLine(self._clock.now(), order.name, self._told(order, served), caller, code, message)
        said = message if code is None else f"{code}: {message}"
        audit.info("%s %s by %s via %s: %s", line.order, line.args, caller.who, caller.via, said)
        if self._book is not None:
            try:
                await self._book(line)
            except NotKept as full:
                log.error("the audit book does not take it: %s", full.message)

    def _told(self, order: Envelope, served: Served[Args] | None) -> dict[str, object]:
        """The arguments for the book; of those that the order does not know only the names: one may be a password."""
        known = {} if served is None else served.args.model_fields
        told = masked({key: value for key, value in order.args.items() if key in known})
        return told | {str(key)[:LONGEST_NAME]: "…" for key in order.args if key not in known}

    async def _do(self, order: Envelope, caller: Caller) -> Result:
        served = self._served.get(order.name)
        if served is None:
            raise NotFound(f"no order is called '{order.name}'", f"the orders are: {', '.join(sorted(self._served))}")
        if not served.may & caller.roles:
            raise NotAllowed(f"{caller.who} may not order {order.name}", f"ask somebody who is {_one_of(served.may)}")
        if order.expires_at is not None and order.expires_at <= self._clock.now():
            raise Expired(f"the order expired at {order.expires_at.isoformat()}", "send it anew")
        args = checked(served.args, order.args)
        try:
            async with asyncio.timeout(served.deadline_s):
                return await served.handle(args, caller)
        except TimeoutError:
            raise Unreachable(f"{order.name} was not answered within {served.deadline_s:.0f} s", "try again") from None


def _one_of(may: Roles) -> str:
    return " or ".join(sorted(may))


def masked(args: Mapping[str, object]) -> dict[str, object]:
    """The arguments with every secret as ••••, for logs."""

    return {str(key): _shown(str(key), value, DEEPEST) for key, value in args.items()}


def _shown(key: str, value: object, deep: int) -> object:
    if any(word in key.lower() for word in SECRETS):
        return "••••"
    if not isinstance(value, Mapping | list):
        return value
    if deep == 0:
        return "…"
    if isinstance(value, list):
        return [_shown("", one, deep - 1) for one in value]
    return {str(inner): _shown(str(inner), one, deep - 1) for inner, one in value.items()}


def envelope(name: str, document: object) -> Envelope:
    """An order from its JSON form `{"id", "args", "expires_at"}`; Invalid says which part is wrong."""
    if not isinstance(document, dict):
        raise Invalid("an order is a JSON object", 'send {"id": "…", "args": {…}}')
    unknown = document.keys() - {"id", "args", "expires_at"}
    if unknown:
        raise Invalid(f"unknown keys: {', '.join(sorted(unknown))}", "an order has id, args and expires_at")
    args, id_ = document.get("args", {}), document.get("id")
    if not isinstance(args, dict):
        raise Invalid("args is not an object", 'for example {"args": {"charger": "bay-1"}}')
    if not (id_ is None or (isinstance(id_, str) and 0 < len(id_) <= 64)):
        raise Invalid("id is not a text of 1 to 64 characters")
    return Envelope(name, args, id_, _moment(document.get("expires_at")))


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise Invalid(f"expires_at '{value}' is not a time", "write it as 2026-01-31T15:04:05Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def checked(model: type[A], args: Mapping[str, object]) -> A:
    """The arguments as their model, or `Invalid` that names each wrong one."""
    try:
        return model.model_validate(dict(args))
    except ValidationError as wrong:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'args'}: {e['msg']}" for e in wrong.errors())
        fields = ", ".join(f"{name}{'' if field.is_required() else '?'}" for name, field in model.model_fields.items())
        raise Invalid(problems, f"the arguments are: {fields or 'none'}") from None
