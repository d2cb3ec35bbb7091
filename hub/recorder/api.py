"""What people ask of the history: orders with one answer each, and long answers as a stream of CSV."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, timedelta, tzinfo
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field, model_validator

from hub.core.orders import Args, Caller, Envelope, Orders, Result, checked
from hub.core.site_time import midnight, second_of
from hub.core.state import Picture
from hub.model.errors import EvhubError, Invalid, NotFound, Unreachable
from hub.model.ids import ChargerId
from hub.model.person import EVERYBODY
from hub.recorder import query, text
from hub.recorder import store as rows
from hub.recorder.answers import Rows, Totals, Why
from hub.recorder.buckets import HOUR_S, start_of_hour
from hub.recorder.codes import LIMITER_WORDS, STATE_WORDS, unpacked
from hub.recorder.query import Cell, Every, Question, Words
from hub.recorder.sample import NOTHING, Kind, Subject
from hub.recorder.service import Recorder
from hub.recorder.times import Period, iso, local, stretches
from hub.web.api import answered, get, reading
from hub.web.doors import caller_of
from hub.web.routes import API, Route, asked, failed

log = logging.getLogger(__name__)

PAGE = 2_000  # rows that are read at a time
PAGE_DAYS = 31
AROUND = 200  # changes before and after a moment that are looked at for a reason

SAYS_ROWS = "What was measured and done, as rows over time."
SAYS_TOTALS = "Energy by charger and of the site."
SAYS_WHY = "Why a charger had its limit at a moment."

Row = Sequence[Cell]


class SpanArgs(Args):
    """A stretch of time, by the site's clock where no offset is given. It may be called from and to as well."""

    since: str | None = Field(default=None, json_schema_extra={"x-also": "from"})
    until: str = Field(default="now", json_schema_extra={"x-also": "to"})

    @model_validator(mode="before")
    @classmethod
    def _from_and_to(cls, given: Any) -> Any:
        names = {"from": "since", "to": "until"}
        return {names.get(key, key): value for key, value in given.items()} if isinstance(given, dict) else given


class QueryArgs(SpanArgs):
    """The history of one charger, meter or circuit; `meters.main` where a name is not enough."""

    of: str
    what: str | None = None
    every: Every | None = None
    local: bool = False


class HistoryArgs(QueryArgs):
    """The same by HTTP, where an answer of any length can be had as CSV."""

    format: Literal["json", "csv"] = "json"


class TotalsArgs(SpanArgs):
    """Energy by charger and of the site."""

    by: Period = Period.TOTAL


class WhyArgs(Args):
    """Why a charger had what it had at a moment."""

    charger: ChargerId
    at: str = "now"


class History:
    """Answers. `zone` is the name of the site's time zone, as the configuration has it now."""

    def __init__(self, recorder: Recorder, picture: Picture, orders: Orders, zone: Callable[[], str]) -> None:
        self._recorder, self._picture, self._orders = recorder, picture, orders
        self._zone_name = zone
        self._open = False

    async def start(self) -> None:
        """Answer from now on."""
        serve = partial(self._orders.serve, may=EVERYBODY, reads=True)
        serve("history.query", QueryArgs, self._query, says=SAYS_ROWS, gives=Rows)
        serve("history.totals", TotalsArgs, self._totals, says=SAYS_TOTALS, gives=Totals)
        serve("history.why", WhyArgs, self._why, says=SAYS_WHY, gives=Why)
        self._open = True

    @property
    def routes(self) -> list[Route]:
        """The same by HTTP; rows also as CSV, however many."""
        totals, why = reading(self._orders, "history.totals"), reading(self._orders, "history.why")
        kinds = ("application/json", "text/csv")
        rows = Route(
            "GET", f"{API}/history/{{of}}", self._rows, EVERYBODY, SAYS_ROWS, HistoryArgs, gives=Rows, kinds=kinds
        )
        return [
            get("history/totals", totals, SAYS_TOTALS, Totals, TotalsArgs),
            rows,
            get("why/{charger}", why, SAYS_WHY, Why, WhyArgs),
        ]

    async def stop(self) -> None:
        """Answer no more."""
        self._open = False

    @property
    def zone(self) -> tzinfo:
        """The site's time zone."""
        return ZoneInfo(self._zone_name())

    # questions

    def _question(self, args: QueryArgs) -> Question:
        at, until = self._span(args, 1)
        subject = self._subject(args.of)
        every = args.every or query.usual_grain(at, until)
        what = query.wanted(args.what)
        asked = Question(self._recorder.subjects[subject], *subject, what, at, until, every, self.zone)
        return query.aligned(asked)

    def _span(self, args: SpanArgs, usual_days: int) -> tuple[int, int]:
        """From a moment, or from midnight so many days before the end. The present second is part of it."""
        until = self._second(args.until)
        until += until == self._recorder.now
        if args.since is None:
            day = local(until, self.zone).date() - timedelta(days=usual_days)
            at = int(midnight(day, self.zone).timestamp())
        else:
            at = self._second(args.since)
        if at >= until:
            raise Invalid(f"it ends at {iso(until)}, and does not begin before", "give an earlier 'from'")
        return at, until

    def _second(self, said: str) -> int:
        return second_of(said, self.zone, local(self._recorder.now, UTC))

    def _subject(self, of: str) -> Subject:
        section, _, name = of.rpartition(".")
        known = self._recorder.subjects
        for subject in (Subject(kind, name) for kind in Kind if section in ("", f"{kind.value}s")):
            if subject in known:
                return subject
        names = ", ".join(f"{subject.name} ({subject.kind.value})" for subject in known) or "nothing yet"
        raise NotFound(f"nothing that is called '{of}' has a history", f"there are: {names}")

    async def _query(self, args: QueryArgs, caller: Caller) -> Result:
        asked = self._question(args)
        question = await self._fitting(asked)
        found = [row async for page in self._pages(question) for row in page]
        zone = question.zone if args.local else None
        return {
            "of": question.name,
            "kind": question.kind.value,
            "from": iso(question.at),
            "to": iso(question.until),
            "every": question.every.value,
            "note": self._note(asked, question),
            "columns": [text.time_name(zone), *(column.name for column in query.columns(question))],
            "rows": [[iso(int(at or 0), zone), *cells] for at, *cells in found],
        }

    async def _fitting(self, asked: Question) -> Question:
        """The question at a grain that has few enough points for one answer."""
        every = query.fitting(asked.every, asked.at, asked.until)
        if every is Every.RAW:
            await self._recorder.flush()
            most = query.MOST_POINTS + 1
            span = rows.Span(asked.at, asked.until, [asked.subject])
            found = await self._recorder.read(partial(rows.samples_between, span=span, most=most))
            if len(found) == most:
                every = query.fitting(Every.FIVE_MINUTES, asked.at, asked.until)
        return query.aligned(replace(asked, every=every))

    def _note(self, asked: Question, answered: Question) -> str | None:
        if answered.every is not asked.every:
            return f"every {asked.every} has more than {query.MOST_POINTS} points: every {answered.every} instead"
        kept = query.kept_since(asked.every, self._recorder.now, self._recorder.config)
        return f"every {asked.every} is kept since {iso(kept)}" if asked.at < kept else None

    # pages

    async def _pages(self, question: Question) -> AsyncIterator[list[list[Cell]]]:
        """The rows of an answer, a few thousand at a time."""
        if question.every is Every.RAW:
            await self._recorder.flush()
            pages = self._raw_pages(question)
        else:
            await self._recorder.up_to_date(question.until)
            pages = self._day_pages(question) if question.every is Every.DAY else self._stat_pages(question)
        async for page in pages:
            yield page

    async def _stat_pages(self, question: Question) -> AsyncIterator[list[list[Cell]]]:
        table = rows.five_minutes if question.every is Every.FIVE_MINUTES else rows.hours
        chosen, at = query.columns(question), question.at
        while True:
            span = rows.Span(at, question.until, [question.subject])
            stats = await self._recorder.read(partial(rows.stats_between, table=table, span=span, most=PAGE))
            yield query.stat_rows(chosen, stats)
            if len(stats) < PAGE:
                return
            at = stats[-1].at + 1

    async def _day_pages(self, question: Question) -> AsyncIterator[list[list[Cell]]]:
        parts = stretches(question.at, question.until, Period.DAY, question.zone)
        fits = query.whole_hours(begins for begins, _ in parts)
        table, chosen = rows.hours if fits else rows.five_minutes, query.columns(question)
        for first in range(0, len(parts), PAGE_DAYS):
            at, until = parts[first][0], parts[first : first + PAGE_DAYS][-1][1]
            span = rows.Span(at, until, [question.subject])
            stats = await self._recorder.read(partial(rows.stats_between, table=table, span=span))
            yield query.stat_rows(chosen, query.days(stats, at, until, question.zone))

    async def _raw_pages(self, question: Question) -> AsyncIterator[list[list[Cell]]]:
        chosen, subject, at = query.columns(question), question.subject, question.at
        before = await self._recorder.read(lambda c: rows.change_before(c, subject, at))
        point = query.first_point(at, before.doing)
        more = True
        while more:
            span = rows.Span(at, question.until, [subject])
            samples = await self._recorder.read(partial(rows.samples_between, span=span, most=PAGE))
            more = len(samples) == PAGE
            until = samples[-1].at + 1 if more else question.until
            changes = await self._recorder.read(partial(rows.changes_between, span=span._replace(until=until)))
            points = query.points(samples, changes, point)
            yield query.point_rows(chosen, points, await self._words(points))
            point, at = points[-1] if points else point, until

    async def _words(self, points: Sequence[query.Point]) -> Words:
        keys = {point.doing.text for point in points if point.doing.text is not None}
        texts = await self._recorder.read(lambda c: rows.texts_of(c, keys)) if keys else {}
        circuits = {id: s.name for s, id in self._recorder.subjects.items() if s.kind is Kind.CIRCUIT}
        return Words(texts, circuits)

    # streams

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`GET /history?of=bay-1&from=2026-03-01&every=5m`: CSV, however long it is."""
        try:
            return await self._csv(request, checked(QueryArgs, dict(request.query)))
        except EvhubError as why:
            return failed(why)

    async def _rows(self, request: web.Request) -> web.StreamResponse:
        said = asked(request)
        if checked(HistoryArgs, said).format == "csv":
            return await self._csv(request, checked(QueryArgs, {key: said[key] for key in said if key != "format"}))
        said.pop("format", None)
        return await answered(self._orders, Envelope("history.query", said), caller_of(request))

    async def _csv(self, request: web.Request, args: QueryArgs) -> web.StreamResponse:
        """Raises what is wrong with the question; an answer that breaks off later is a connection that is cut."""
        if not self._open:
            raise Unreachable("the hub is starting", "try again in a moment")
        question = self._question(args)
        zone = question.zone if args.local else None
        response = web.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"})
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        names = [column.name for column in query.columns(question)]
        await response.write(text.header(names, zone).encode())
        try:
            async for page in self._pages(question):
                await response.write(text.lines(page, zone).encode())
        except EvhubError as why:
            log.warning("the history of %s is cut off: %s", args.of, why.message)
            if request.transport is not None:
                request.transport.abort()
        else:
            await response.write_eof()
        return response

    # totals

    async def _totals(self, args: TotalsArgs, caller: Caller) -> Result:
        """Hours where they fit: a month of a hundred chargers is then a few thousand rows and not a million."""
        at, until = self._span(args, 30)
        parts = stretches(at, until, args.by, self.zone)
        open_end = until >= self._recorder.now
        fits = query.whole_hours([begins for begins, _ in parts] + ([] if open_end else [until]))
        await self._recorder.up_to_date(until)
        names = {id: s for s, id in self._recorder.subjects.items() if s.kind is not Kind.CIRCUIT}
        table = rows.hours if fits else rows.five_minutes
        span = rows.Span(at, until, list(names))
        energies = await self._recorder.read(partial(rows.energies_between, table=table, span=span))
        return {
            "from": iso(at),
            "to": iso(until),
            "by": args.by.value,
            "rows": [self._total(total, names) for total in query.totals(energies, parts)],
        }

    def _total(self, total: query.Total, names: dict[int, Subject]) -> dict[str, object]:
        chargers = {names[id].name: wh for id, wh in total.energy.items() if names[id].kind is Kind.CHARGER}
        meters = {
            names[id].name: {"import_wh": wh, "export_wh": total.export.get(id)}
            for id, wh in total.energy.items()
            if names[id].kind is Kind.METER
        }
        grid = meters.get(self._picture.site.grid.meter or "", {})
        return {
            "from": iso(total.at, self.zone),
            "to": iso(total.until, self.zone),
            "chargers_wh": sum(chargers.values()) if chargers else None,
            "grid_import_wh": grid.get("import_wh"),
            "grid_export_wh": grid.get("export_wh"),
            "chargers": chargers,
            "meters": meters,
        }

    # why

    async def _why(self, args: WhyArgs, caller: Caller) -> Result:
        at = self._second(args.at)
        subject = Subject(Kind.CHARGER, args.charger)
        id = self._recorder.subjects.get(subject)
        if id is None:
            known = ", ".join(s.name for s in self._recorder.subjects if s.kind is Kind.CHARGER) or "none yet"
            raise NotFound(f"no charger '{args.charger}' has a history", f"the chargers are: {known}")
        await self._recorder.flush()
        around = await self._recorder.read(lambda c: rows.changes_around(c, id, at, AROUND))
        found = query.why(at, around)
        said = {"charger": args.charger, "at": iso(at, self.zone)}
        if found is None:
            return {**said, **await self._why_that_hour(id, at)}
        words = await self._words([query.Point(at, NOTHING, found.doing)])
        doing = found.doing
        return {
            **said,
            "limit_a": None if doing.limit is None else doing.limit / 10,
            "held_a": None if doing.held is None else doing.held / 10,
            "status": STATE_WORDS.get(doing.state or 0),
            "limit_reason": LIMITER_WORDS.get(doing.limiter or 0),
            "circuit": words.circuits.get(doing.circuit or 0),
            "phase": None if doing.phase is None else f"L{doing.phase}",
            "text": words.texts.get(doing.text or 0),
            "since": iso(found.since, self.zone),
            "until": None if found.until is None else iso(found.until, self.zone),
        }

    async def _why_that_hour(self, id: int, at: int) -> Result:
        """The details are gone or never were: what the statistics of that hour say."""
        hour = start_of_hour(at)
        span = rows.Span(hour, hour + HOUR_S, [id])
        stats = await self._recorder.read(partial(rows.stats_between, table=rows.hours, span=span))
        if not stats:
            raise NotFound(
                f"nothing is known of {iso(at, self.zone)}", "the hub was not running, or it is too long ago"
            )
        seconds = unpacked(stats[0].limiters)
        return {
            "limit_reason": None,
            "hour": iso(hour, self.zone),
            "limited_s": {LIMITER_WORDS[code]: s for code, s in seconds.items()},
        }
