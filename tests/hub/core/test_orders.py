"""Orders: typed arguments, one reply, done once for each id, and never an exception for the one who asks."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import Field

from hub.core.clock import SystemClock
from hub.core.orders import Args, AuditLine, Caller, Envelope, Orders, Result, envelope, masked
from hub.model.errors import Invalid, NotKept, Refused
from hub.model.person import DRAW, EVERYBODY, Role

ME = Caller("somebody", "test", EVERYBODY)


class LimitArgs(Args):
    charger: str
    limit_a: float = Field(ge=0)


class Doer:
    """Serves one order and counts how often it is done."""

    def __init__(self) -> None:
        self.done: list[LimitArgs] = []
        self.go = asyncio.Event()
        self.go.set()

    async def limit(self, args: LimitArgs, caller: Caller) -> Result:
        await self.go.wait()
        if args.charger == "bay-9":
            raise Refused("bay 9 does as it likes", "ask somebody else")
        self.done.append(args)
        return {"limit_a": args.limit_a}


@pytest.fixture
def doer() -> Doer:
    return Doer()


@pytest.fixture
def orders(doer: Doer) -> Orders:
    orders = Orders(SystemClock())
    orders.serve("charger.limit", LimitArgs, doer.limit, says="Limit a charger.", may=EVERYBODY, deadline_s=0.2)
    return orders


async def test_a_good_order_is_done(orders: Orders, doer: Doer) -> None:
    reply = await orders.answer(Envelope("charger.limit", {"charger": "bay-1", "limit_a": 10}), ME)
    assert reply.to_json() == {"ok": True, "result": {"limit_a": 10.0}}
    assert doer.done == [LimitArgs(charger="bay-1", limit_a=10)]


@pytest.mark.parametrize(
    ("name", "args", "code", "words"),
    [
        ("charger.explode", {}, "not_found", "no order is called 'charger.explode'"),
        ("charger.limit", {"charger": "bay-1"}, "invalid", "limit_a: Field required"),
        ("charger.limit", {"charger": "bay-1", "limit_a": -1}, "invalid", "limit_a"),
        ("charger.limit", {"charger": "bay-1", "limit_a": 6, "limit": 7}, "invalid", "limit: Extra inputs"),
        ("charger.limit", {"charger": "bay-9", "limit_a": 6}, "refused", "bay 9 does as it likes"),
    ],
)
async def test_a_bad_order_says_what_is_wrong_and_what_next(
    orders: Orders, doer: Doer, name: str, args: dict[str, object], code: str, words: str
) -> None:
    reply = await orders.answer(Envelope(name, args), ME)
    assert reply.error is not None
    assert (reply.error.code, doer.done) == (code, [])
    assert words in reply.error.message
    assert reply.error.next


async def test_an_expired_order_is_not_done(orders: Orders, doer: Doer) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    reply = await orders.answer(Envelope("charger.limit", {"charger": "bay-1", "limit_a": 6}, "a", past), ME)
    assert reply.error is not None
    assert (reply.error.code, doer.done) == ("expired", [])


async def test_the_same_id_is_done_once_also_while_it_is_being_done(orders: Orders, doer: Doer) -> None:
    doer.go.clear()
    order = Envelope("charger.limit", {"charger": "bay-1", "limit_a": 6}, "same")
    both = asyncio.gather(orders.answer(order, ME), orders.answer(order, ME))
    await asyncio.sleep(0)
    doer.go.set()
    first, second = await both
    third = await orders.answer(order, ME)
    assert first == second == third
    assert len(doer.done) == 1


async def test_a_handler_that_hangs_is_unreachable(orders: Orders, doer: Doer) -> None:
    doer.go.clear()
    reply = await orders.answer(Envelope("charger.limit", {"charger": "bay-1", "limit_a": 6}), ME)
    assert reply.error is not None
    assert reply.error.code == "unreachable"


async def test_each_order_leaves_one_audit_line(orders: Orders, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "evhub.audit")
    await orders.answer(Envelope("charger.limit", {"charger": "bay-1", "limit_a": 6}), ME)
    await orders.answer(Envelope("charger.limit", {"charger": "bay-9", "limit_a": 6}), ME)
    lines = [record.getMessage() for record in caplog.records if record.name == "evhub.audit"]
    assert [line.rpartition("test: ")[2] for line in lines] == ["done", "refused: bay 9 does as it likes"]


def test_secrets_stay_out_of_the_log() -> None:
    args = {"station": "X", "options": {"password": "hunter2", "user": "me"}, "api_key": "k"}
    assert masked(args) == {"station": "X", "options": {"password": "••••", "user": "me"}, "api_key": "••••"}


def test_an_order_has_one_owner(orders: Orders, doer: Doer) -> None:
    with pytest.raises(ValueError, match="has an owner already"):
        orders.serve("charger.limit", LimitArgs, doer.limit, says="Again.", may=EVERYBODY)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "a JSON object"),
        ({"args": []}, "args is not an object"),
        ({"id": ""}, "id is not a text"),
        ({"id": 7}, "id is not a text"),
        ({"expires_at": "soon"}, "'soon' is not a time"),
        ({"argz": {}}, "unknown keys: argz"),
    ],
)
def test_an_envelope_that_is_none_is_refused(document: object, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        envelope("charger.limit", document)


def test_an_envelope_without_a_zone_is_utc() -> None:
    order = envelope("x.y", {"id": "a", "args": {"k": 1}, "expires_at": "2026-01-31T15:04:05"})
    assert order == Envelope("x.y", {"k": 1}, "a", datetime(2026, 1, 31, 15, 4, 5, tzinfo=UTC))


async def test_who_may_not_is_told_who_may_and_it_is_written_down(orders: Orders, doer: Doer) -> None:
    lines: list[AuditLine] = []

    async def book(line: AuditLine) -> None:
        lines.append(line)

    orders.keep_book(book)
    viewer = Caller("vera", "page", frozenset({Role.VIEWER}), "192.0.2.7")
    orders.serve("charger.look", Args, _looks, says="Look.", may=EVERYBODY, reads=True)
    orders.serve("charger.draw", Args, _looks, says="Draw.", may=DRAW)
    assert (await orders.answer(Envelope("charger.look", {}), viewer)).ok
    refused = await orders.answer(Envelope("charger.draw", {"pin": 1}), viewer)
    assert refused.error is not None
    assert (refused.error.code, refused.error.next) == ("not_allowed", "ask somebody who is installer")
    [line] = lines  # looking leaves none
    assert (line.order, line.args, line.caller, line.code) == ("charger.draw", {"pin": "…"}, viewer, "not_allowed")


async def test_a_book_that_is_full_keeps_nobody_from_ordering(orders: Orders) -> None:
    async def full(line: AuditLine) -> None:
        raise NotKept("the disk is full", "make room")

    orders.keep_book(full)
    orders.serve("charger.draw", Args, _looks, says="Draw.", may=DRAW)
    assert (await orders.answer(Envelope("charger.draw", {}), ME)).ok


async def _looks(args: Args, caller: Caller) -> Result:
    return {}
