"""One OCPP-J connection, the same for a CSMS and for a charge point; it knows no socket and no clock.

The owner reads the socket and feeds every frame to `received`; the connection sends through the function it was given.
Incoming calls are handled one after the other. A handler that has its answer at once is answered for at once; one that
has to wait goes on in a task, so that reading never waits for it and it may `call` the peer. Outgoing calls go one at a
time (OCPP-J 1.6, section 4.1.1); the others wait in line.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec

from hub.wire.ocpp16 import codec
from hub.wire.ocpp16.asking import Line
from hub.wire.ocpp16.base import LenientRequest, Strict, StrictRequest
from hub.wire.ocpp16.errors import BadFrame, CallFailed, ConnectionLost, Id, OcppError, Undecodable, UnknownAction
from hub.wire.ocpp16.frames import Call, Error, Result, decode_frame, encode_error, encode_result
from hub.wire.ocpp16.noticing import Notice
from hub.wire.ocpp16.salvage import Oddity

CALL = 2
ResponseT = TypeVar("ResponseT", bound=msgspec.Struct)

Send = Callable[[str], Awaitable[None]]
"""Sends one text frame; raises OSError when the socket is gone (aiohttp's ClientConnectionResetError is one)."""

Handler = Callable[[str, msgspec.Struct], msgspec.Struct | Coroutine[object, object, msgspec.Struct]]
"""Answers one request, at once or in a coroutine; raises OcppError to refuse it."""

Begun = bytes | Coroutine[object, object, msgspec.Struct] | Exception
"""A call whose handler was asked: its answer as a frame, or what to wait for, or what it raised."""

Effect = Callable[[], Coroutine[object, object, None]]
"""What is to be done once the answer has been sent."""


def _to_the_loop(error: BaseException) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "an OCPP handler failed", "exception": error})


def _unheard(*_: object) -> None:
    """For an owner that does not listen."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What the owner of a connection is told. Plain functions that return at once."""

    failed: Callable[[BaseException], None] = _to_the_loop  # a handler or an effect broke: a fault on our side
    odd: Callable[[str, Oddity], None] = _unheard  # the peer is not quite standard: the action, and each kind once
    bad_frame: Callable[[BadFrame], None] = _unheard  # what came is no frame at all


@dataclass(frozen=True, slots=True)
class Terms:
    """How strict a connection is, and how far it goes."""

    strict: bool = False  # refuse requests that the schema refuses
    most_waiting: int = 32  # outgoing calls, the one on the wire included
    most_arrived: int = 64  # incoming calls; a peer that keeps to the standard never has two
    grace_s: float = 5.0  # for handlers to finish in `close`


class Connection:
    """Calls and answers over one socket. Make one per socket, feed it `received`, and `close` it at the end."""

    __slots__ = (
        "_arrived",
        "_at_once",
        "_closed",
        "_effects",
        "_handler",
        "_line",
        "_notice",
        "_owner",
        "_send",
        "_serving",
        "_tasks",
        "_terms",
    )

    def __init__(self, send: Send, handler: Handler, owner: Owner | None = None, terms: Terms | None = None) -> None:
        self._send = send
        self._handler = handler
        self._owner = owner or Owner()
        self._terms = terms or Terms()
        self._notice = Notice(self._owner.odd)
        self._line = Line(self._transmit, self._terms.most_waiting)
        self._arrived: deque[Call] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._at_once = False  # a handler runs that has not said yet whether it must wait
        self._effects: list[Effect] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """True once `close` was called."""
        return self._closed

    async def received(self, data: str | bytes) -> None:
        """Take one frame from the socket. Never raises for what the peer sent, and never waits for a handler."""
        if self._closed:
            return
        try:
            frame = decode_frame(data)
        except BadFrame as bad:
            await self._refuse(bad)
            return
        if not isinstance(frame, Call):
            if not self._line.settle(frame):
                self._notice.of("", Oddity("$[1]", str(frame.id)[:80], "an answer to no open call"))
        elif self._serving is not None:
            await self._put_off(frame)
        elif isinstance(begun := self._begin(frame), bytes):
            await self._reply(begun)
        else:
            self._serve_in_task(frame, begun)

    async def call(
        self, request: LenientRequest[ResponseT] | StrictRequest[ResponseT], timeout_s: float = 30.0
    ) -> ResponseT:
        """Ask the peer and return its answer, of the same family (lenient or strict) as the request.

        `timeout_s` runs from the sending; cancel the call to give up earlier, also while it waits in line.
        Raises CallTimeout, Congested (never sent), ConnectionLost, and CallFailed for a CALLERROR or nonsense.
        """
        action = codec.action_of(request)
        answer = await self._line.ask(action, request, timeout_s)
        if isinstance(answer, Error):
            raise CallFailed(answer.code, answer.description, codec.decode_details(answer.details))
        return cast("ResponseT", self._response(action, answer, isinstance(request, Strict)))

    def after_reply(self, effect: Effect) -> None:
        """From inside a handler: start `effect()` in a task of its own once the answer has been sent.

        It is dropped when the handler refuses the call, or when the answer could not be sent.
        """
        in_task = self._serving is not None and asyncio.current_task() is self._serving
        if not self._at_once and not in_task:
            raise RuntimeError("after_reply belongs into the handler of a call")
        self._effects.append(effect)

    async def close(self) -> None:
        """Fail all calls with ConnectionLost, let running handlers and effects finish, cancel what takes too long.

        Incoming calls that wait are dropped: the peer has no answer and repeats what matters. Safe to call twice.
        """
        self._closed = True
        self._line.close()
        others = {task for task in self._tasks if task is not asyncio.current_task()}
        if others:
            await _finish(others, self._terms.grace_s)

    async def _put_off(self, call: Call) -> None:
        if len(self._arrived) < self._terms.most_arrived:
            self._arrived.append(call)
        else:
            await self._answer_error(call.id, OcppError("GenericError", "too many calls at a time"))

    def _begin(self, call: Call) -> Begun:
        """Ask the handler: the frame of an answer that it has at once, else what to wait for, or why there is none."""
        self._effects = []
        self._at_once = True
        try:
            answer = self._handler(call.action, self._request(call))
            return encode_result(call.id, answer) if isinstance(answer, msgspec.Struct) else answer
        except Exception as failed:
            return failed
        finally:
            self._at_once = False

    def _serve_in_task(self, call: Call, begun: Begun) -> None:
        self._serving = task = self._spawn(self._serve(call, begun))
        task.add_done_callback(lambda done: self._served(call.id, done))
        if isinstance(begun, Coroutine):
            task.add_done_callback(lambda _: begun.close())  # of one that was cancelled before its first step

    async def _serve(self, call: Call, begun: Begun) -> None:
        try:
            if isinstance(begun, Exception):
                raise begun
            frame = begun if isinstance(begun, bytes) else encode_result(call.id, await begun)
        except OcppError as refusal:
            await self._refuse_call(call, refusal)
        else:
            await self._reply(frame)

    def _served(self, unique_id: Id, task: asyncio.Task[None]) -> None:
        """One call is done with: answer for a handler that broke, then serve the next."""
        self._serving = None
        if self._closed:
            return  # what still waits is dropped
        if task.cancelled() or _is_fault(task.exception()):
            self._spawn(self._answer_error(unique_id, OcppError("InternalError", "the request could not be handled")))
        if self._arrived:
            call = self._arrived.popleft()
            self._serve_in_task(call, self._begin(call))

    async def _reply(self, frame: bytes) -> None:
        """Send an answer, then begin what was to come after it."""
        effects = self._effects
        if self._closed:
            return
        try:
            await self._send(frame.decode())
        except OSError:
            return  # the owner learns it where it reads the socket
        for effect in effects:
            self._spawn(effect())

    def _request(self, call: Call) -> msgspec.Struct:
        salvaged: list[Oddity] = []
        request = codec.decode(call.action, call.payload, self._terms.strict, salvaged)
        if not self._terms.strict:
            self._notice.of_request(call, salvaged)
        return request

    def _response(self, action: str, answer: Result, strict: bool) -> msgspec.Struct:
        salvaged: list[Oddity] = []
        try:
            response = codec.decode_response(action, answer.payload, strict, salvaged)
        except Undecodable as refused:
            raise CallFailed(refused.code, refused.description) from refused
        for oddity in salvaged:
            self._notice.of(f"{action}Response", oddity)
        return response

    async def _refuse_call(self, call: Call, refusal: OcppError) -> None:
        if isinstance(refusal, UnknownAction | Undecodable):
            self._notice.of(call.action, Oddity("$", "", refusal.description))
        await self._answer_error(call.id, refusal)

    async def _refuse(self, bad: BadFrame) -> None:
        """Answer a broken call if its id is known; a broken answer fails the call that it belongs to."""
        self._owner.bad_frame(bad)
        if bad.unique_id is None or bad.message_type is None:
            return
        if bad.message_type == CALL:
            await self._answer_error(bad.unique_id, OcppError("FormationViolation", bad.why))
        else:
            self._line.settle(Error(bad.unique_id, "FormationViolation", bad.why, msgspec.Raw(b"{}")))

    async def _answer_error(self, unique_id: Id, error: OcppError) -> None:
        try:
            await self._transmit(encode_error(unique_id, error.code, error.description, error.details))
        except ConnectionLost:
            return  # the owner learns it where it reads the socket

    async def _transmit(self, frame: bytes) -> None:
        if self._closed:
            raise ConnectionLost("the connection is closed")
        try:
            await self._send(frame.decode())
        except OSError as lost:
            raise ConnectionLost(str(lost)) from lost

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Every task ends here: what broke is the owner's to log."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and _is_fault(error):
            self._owner.failed(error)


def _is_fault(error: BaseException | None) -> bool:
    """A lost connection is nobody's fault: whoever waited for the peer has no reason to catch it."""
    return error is not None and not isinstance(error, ConnectionLost)


async def _finish(tasks: set[asyncio.Task[None]], grace_s: float) -> None:
    try:
        await asyncio.wait(tasks, timeout=grace_s)
    finally:
        late = [task for task in tasks if not task.done()]
        for task in late:
            task.cancel()
    if late:
        await asyncio.wait(late)
