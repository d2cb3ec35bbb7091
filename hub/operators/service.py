"""The way up: one uplink for each operator of config.yaml, and the owner's view of what leaves the site.

The site never depends on an operator. Without a connection nothing local changes and nothing is lost; what an operator
has acknowledged is behind it, everything else waits in the journal.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from hub.core.documents import Documents
from hub.core.entry import Position
from hub.core.figures import Figure
from hub.core.ntp import clock_synced
from hub.core.orders import Args, Caller, Orders, Result
from hub.core.tasks import Tasks
from hub.model.errors import Invalid, NotFound
from hub.model.facts import ChargerChanged, CircuitsChanged, DrawingChanged, Fact, MeterChanged, StatusChanged
from hub.model.person import OWN, STEER
from hub.operators.answers import OperatorViews, Preview, Replaying
from hub.operators.by_https import ByHttps
from hub.operators.by_mqtt import ByMqtt, Ears
from hub.operators.commands import Commands
from hub.operators.config import OperatorConfig
from hub.operators.filter import Filter
from hub.operators.store import READER, CommandLog, before, known_readers
from hub.operators.uplink import Appearance, Hub, Uplink, Ways

log = logging.getLogger(__name__)

DOCUMENT = "operators"
MOST_SHOWN = 500
SHOWN_BYTES = 1_000_000


class OperatorArgs(Args):
    """One operator by its id in config.yaml; it may be left out where there is only one."""

    operator: str | None = None


class PreviewArgs(OperatorArgs):
    """`last` so many entries of the journal; without it the `next` ones that the operator has not got yet."""

    next: int = Field(default=10, ge=1, le=MOST_SHOWN)
    last: int | None = Field(default=None, ge=1, le=MOST_SHOWN)


class ReplayArgs(OperatorArgs):
    """From this place (a seq of the present epoch) or this time on; without it from the beginning."""

    since: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """What is made once and kept: the hub's name where none is configured, the salt, and where each operator began."""

    hub_id: str
    salt: str
    starts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def made(cls) -> Names:
        """New ones."""
        return cls(f"hub-{secrets.token_hex(8)}", secrets.token_hex(16))


@dataclass(slots=True)
class Operators:
    """All operators."""

    hub: Hub
    orders: Orders
    documents: Documents
    configs: Mapping[str, OperatorConfig]
    synced: Callable[[], bool | None] = clock_synced
    _names: Names = field(init=False, default_factory=Names.made)
    _uplinks: dict[str, Uplink] = field(init=False, default_factory=dict)
    _tasks: Tasks = field(init=False, default_factory=lambda: Tasks("operators"))

    # life

    async def start(self) -> None:
        """Forget who left the configuration, then connect to each that is in it."""
        self._offer()
        await self._forget_others()
        if not self.configs:
            return
        await self._know_names()
        live = (ChargerChanged, MeterChanged, CircuitsChanged, DrawingChanged, StatusChanged)
        self.hub.bus.listen("operators", live, self._heard)
        for name, config in self.configs.items():
            await self._connect(name, config)

    async def stop(self) -> None:
        """End commands, then the uplinks; each notes how far its operator is."""
        await self._tasks.close()
        for uplink in self._uplinks.values():
            await uplink.stop()

    def figures(self) -> Iterator[Figure]:
        """For Prometheus: who is connected, and how far behind."""
        head, by_name = self.hub.journal.head, ("operator",)
        connected = [((name,), float(uplink.connected)) for name, uplink in self._uplinks.items()]
        yield Figure("evhub_operator_connected", "The operator is kept up to date.", connected, by_name)
        behind = [((name,), float(max(0, head - uplink.acked))) for name, uplink in self._uplinks.items()]
        yield Figure("evhub_operator_backlog_entries", "Entries not yet acknowledged.", behind, by_name)

    async def _connect(self, name: str, config: OperatorConfig) -> None:
        hub_id = config.hub_id or self._names.hub_id
        salt = bytes.fromhex(self._names.salt)
        passing = Filter(frozenset(config.facts), config.takes_classes, config.tokens, salt)
        uplink = self._uplinks[name] = Uplink(name, config, self.hub, Appearance(hub_id, passing))
        commands, server = self._commands(name, config, uplink.reply), config.server
        ears = Ears(uplink.heard_ack, commands.came, uplink.mqtt_changed)
        mqtt = None if server is None else ByMqtt(server, hub_id, ears)
        https = None if config.fallback_url is None else ByHttps(config, self.hub.clock)
        start = 0 if config.begin == "beginning" else self._names.starts[name]
        await uplink.start(Ways(mqtt, https), start)
        await commands.start()

    def _commands(self, name: str, config: OperatorConfig, send: Callable[[bytes], None]) -> Commands:
        unknown = sorted(set(config.commands) - self.orders.catalogue.keys())
        if unknown:
            log.warning("operators.%s.commands allows what no order is called: %s", name, ", ".join(unknown))
        taken = CommandLog(self.hub.store, self.hub.clock, name)
        allowed = frozenset(config.commands)
        return Commands(name, allowed, self.orders, taken, self.hub.clock, self.synced, send, self._tasks)

    async def _heard(self, fact: Fact) -> None:
        for uplink in self._uplinks.values():
            uplink.moved = True

    # what is made once

    async def _know_names(self) -> None:
        """Read what was made before; note where new operators begin."""
        found: Any = await self.documents.load(DOCUMENT)
        known = self._names if found is None else Names(**found)
        starts = {name: known.starts.get(name, self.hub.journal.head) for name in self.configs}
        self._names = replace(known, starts=starts)
        if found is None or self._names != known:
            document = {"hub_id": known.hub_id, "salt": known.salt, "starts": starts}
            await self.documents.save(DOCUMENT, document)

    async def _forget_others(self) -> None:
        """The journal keeps nothing for who is not in the configuration any more."""
        for name in await known_readers(self.hub.store):
            if name not in self.configs:
                log.warning("operator %s is not in the configuration any more: nothing is kept for it", name)
                await self.hub.journal.forget(READER + name)

    # orders

    def _offer(self) -> None:
        serve = self.orders.serve
        serve(
            "operator.status",
            OperatorArgs,
            self._status,
            says="How each operator is kept up to date.",
            may=STEER,
            reads=True,
            gives=OperatorViews,
        )
        serve(
            "operator.preview",
            PreviewArgs,
            self._preview,
            says="Just what leaves the site for an operator.",
            may=OWN,
            reads=True,
            gives=Preview,
        )
        says = "Send an operator again what it may have lost."
        serve("operator.replay", ReplayArgs, self._replay, says=says, may=OWN, gives=Replaying)

    async def _status(self, args: OperatorArgs, caller: Caller) -> Result:
        chosen = self._uplinks if args.operator is None else {args.operator: self._called(args)}
        return {"operators": {name: await uplink.view() for name, uplink in chosen.items()}}

    async def _preview(self, args: PreviewArgs, caller: Caller) -> Result:
        uplink = self._called(args)
        most = args.last or args.next
        after = uplink.acked if args.last is None else max(0, self.hub.journal.head - args.last)
        packed = await uplink.next_part(after, most, SHOWN_BYTES)
        batch = None if packed is None else uplink.batch(packed).model_dump(mode="json")
        return {"operator": uplink.name, "batch": batch, "status": uplink.status().model_dump(mode="json")}

    async def _replay(self, args: ReplayArgs, caller: Caller) -> Result:
        uplink = self._called(args)
        after = await self._place(args.since)
        uplink.send_again(after)
        return {"operator": uplink.name, "entries": self.hub.journal.head - after}

    async def _place(self, since: str | None) -> int:
        """The number of the last entry before a place or a time."""
        if since is None:
            return 0
        if since.isdecimal():
            position = Position(self.hub.journal.head_position.epoch, max(0, int(since) - 1))
            if (no := await self.hub.journal.no_of(position)) is None:
                raise Invalid(f"the journal ends at {self.hub.journal.head_position.seq}", "name an earlier place")
            return no
        try:
            moment = datetime.fromisoformat(since)
        except ValueError:
            step = "write a place like 1700, or a time like 2026-01-31T15:04:05Z"
            raise Invalid(f"'{since}' is neither a place nor a time", step) from None
        return await before(self.hub.store, moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))

    def _called(self, args: OperatorArgs) -> Uplink:
        if not self._uplinks:
            raise NotFound("no operator is configured", "add one to config.yaml under operators")
        if args.operator is None and len(self._uplinks) == 1:
            return next(iter(self._uplinks.values()))
        if args.operator in self._uplinks:
            return self._uplinks[args.operator]
        said = "say which operator" if args.operator is None else f"no operator is called '{args.operator}'"
        raise NotFound(said, f"the operators are: {', '.join(sorted(self._uplinks))}")
