"""What people ask of the sessions: a list with totals by charger and month, as an order with one answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from hub.core.clock import Clock
from hub.core.orders import Args, Caller, Orders, Result
from hub.core.shown import iso, rounded
from hub.core.site_time import second_of
from hub.core.store import Store
from hub.model.errors import Invalid
from hub.model.ids import ChargerId, SessionId
from hub.model.person import EVERYBODY
from hub.sessions import store as books
from hub.sessions.answers import SessionList
from hub.sessions.service import Sessions
from hub.sessions.store import Kept, Wanted
from hub.sessions.totals import totals
from hub.web.api import get, reading
from hub.web.routes import Route

USUAL = timedelta(days=31)


class ListArgs(Args):
    """Sessions that began in a time, by the site's clock where no offset is given; it may be called from and to too."""

    charger: ChargerId | None = None
    since: str | None = Field(default=None, json_schema_extra={"x-also": "from"})
    until: str = Field(default="now", json_schema_extra={"x-also": "to"})
    running: bool | None = Field(default=None, description="true: only open ones; false: only those that have ended")
    limit: int = Field(default=100, ge=1, le=10_000)
    after: SessionId | None = Field(default=None, description="go on after this one: `next` of the answer before")

    @model_validator(mode="before")
    @classmethod
    def _from_and_to(cls, given: Any) -> Any:
        names = {"from": "since", "to": "until"}
        return {names.get(key, key): value for key, value in given.items()} if isinstance(given, dict) else given


@dataclass(frozen=True, slots=True)
class Log:
    """Answers. `zone` is the name of the site's time zone, as the configuration has it now."""

    sessions: Sessions
    store: Store
    clock: Clock
    zone: Callable[[], str]

    def offer(self, orders: Orders) -> None:
        """Put the order into the catalogue."""
        orders.serve(
            "sessions.list",
            ListArgs,
            self._list,
            says="Charging sessions, newest first, and their totals.",
            may=EVERYBODY,
            reads=True,
            gives=SessionList,
        )

    def routes(self, orders: Orders) -> list[Route]:
        """The same by HTTP."""
        says = "Charging sessions, newest first, a page at a time, and their totals."
        return [get("sessions", reading(orders, "sessions.list"), says, SessionList, ListArgs)]

    async def _list(self, args: ListArgs, caller: Caller) -> Result:
        zone = ZoneInfo(self.zone())
        wanted = self._wanted(args, zone)
        found = [self._as_it_is_now(kept) for kept in await self.store.read(partial(books.listed, wanted=wanted))]
        page, more = _page(found, args)
        return {
            "sessions": [_shown(kept) for kept in page],
            "more": more,
            "next": page[-1].id if more else None,
            "totals": totals(found, zone),
        }

    def _wanted(self, args: ListArgs, zone: tzinfo) -> Wanted:
        now = self.clock.now()
        until = _moment(args.until, zone, now) + timedelta(seconds=1) * (args.until == "now")
        since = until - USUAL if args.since is None else _moment(args.since, zone, now)
        return Wanted(since, until, args.charger, args.running)

    def _as_it_is_now(self, kept: Kept) -> Kept:
        """An open session has taken more since it was written down."""
        live = self.sessions.open_at(kept.charger) if kept.ended_at is None else None
        return kept if live is None or live.id != kept.id else kept.with_energy(live.energy_wh)


def _page(found: list[Kept], args: ListArgs) -> tuple[list[Kept], int]:
    """The sessions that are shown, and how many come after them. Raises Invalid."""
    begin = 0
    if args.after is not None:
        places = {kept.id: place for place, kept in enumerate(found)}
        if args.after not in places:
            raise Invalid(f"no session '{args.after}' began in that time", "ask with the same from, to and charger")
        begin = places[args.after] + 1
    rest = found[begin:]
    return rest[: args.limit], max(len(rest) - args.limit, 0)


def _moment(said: str, zone: tzinfo, now: datetime) -> datetime:
    return datetime.fromtimestamp(second_of(said, zone, now), UTC)


def _shown(kept: Kept) -> Result:
    return {
        "id": kept.id,
        "charger": kept.charger,
        "station": kept.station,
        "transaction": kept.transaction,
        "token": kept.token,
        "plugged_at": None if kept.plugged_at is None else iso(kept.plugged_at),
        "started_at": iso(kept.started_at),
        "ended_at": None if kept.ended_at is None else iso(kept.ended_at),
        "energy_wh": rounded(kept.energy_wh, 0),
        "reason": kept.reason,
        "flags": list(kept.flags),
    }
