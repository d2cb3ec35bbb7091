"""The messages between a hub and its operator: Batch, Status and Reply go up, Ack and Command come down."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, JsonValue, Tag, model_validator

from hub.wire.operator.base import HIGHEST, Hex, HubId, Message, Moment, Record, Seq, Upto, Word

MOST_ITEMS = 500


class Event(Record):
    """One committed fact. `data` holds its fields by name, without `at`; `hub.wire.operator.facts` knows them."""

    seq: Seq
    schema_id: str = Field(alias="schema", min_length=1, max_length=100)
    at: Moment
    mono_ms: int = Field(ge=0, le=HIGHEST, description="The boot's own clock: it never jumps.")
    boot_id: Hex
    clock_synced: bool | None = Field(description="Whether the wall clock was known to be right; null = not known.")
    keeping: Word = Field(alias="class", description="kept (never dropped), status or progress (thinned first).")
    data: dict[str, JsonValue]

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last place that this item stands for."""
        return self.seq, self.seq


class Range(Record):
    """Places of the journal that are not sent, and why: filtered, thinned or pruned."""

    first: Seq = Field(alias="from")
    last: Seq = Field(alias="to")
    reason: Word

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"a skip from {self.first} cannot end at {self.last}")
        return self


class Skip(Record):
    """Says that places are left out on purpose, so that a gap always means loss."""

    skip: Range

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last place that this item stands for."""
        return self.skip.first, self.skip.last


def _kind_of_item(item: Any) -> str:
    is_skip = "skip" in item if isinstance(item, dict) else isinstance(item, Skip)
    return "skip" if is_skip else "event"


Item = Annotated[Annotated[Event, Tag("event")] | Annotated[Skip, Tag("skip")], Discriminator(_kind_of_item)]


class Batch(Message):
    """A stretch of the journal: each item begins where the one before ended, plus one."""

    schema_id: Literal["evhub.batch.v1"] = Field("evhub.batch.v1", alias="schema")
    hub: HubId
    epoch: Hex
    items: tuple[Item, ...] = Field(min_length=1, max_length=MOST_ITEMS)

    @model_validator(mode="after")
    def _without_holes(self) -> Self:
        for before, after in zip(self.items, self.items[1:], strict=False):
            if after.span[0] != before.span[1] + 1:
                raise ValueError(f"after {before.span[1]} comes {after.span[0]}: items of a batch are consecutive")
        return self

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last place of the whole batch."""
        return self.items[0].span[0], self.items[-1].span[1]


class Lines(Record):
    """A value for each supply line; null where it is unknown."""

    l1: float | None
    l2: float | None
    l3: float | None


class Fault(Record):
    """A charger's fault: the OCPP 1.6 error code, with the vendor's own beside it."""

    code: str
    vendor_code: str | None = None
    text: str | None = None


class ChargerCounts(Record):
    """How many chargers the site has, how many the hub can talk to, how many charge."""

    total: int
    online: int
    charging: int


class SiteStatus(Record):
    """The grid connection, and the chargers in numbers."""

    ts: Moment
    name: str
    power_w: float | None
    current_a: Lines
    chargers: ChargerCounts


class ChargerStatus(Record):
    """What one charger does."""

    status: Word | None
    online: bool | None
    power_w: float | None
    session_id: str | None
    limit_a: float | None
    fault: Fault | None = None


class Alarm(Record):
    """Something that the hub wants a person to know."""

    code: Word
    text: str
    since: Moment | None = None


class Status(Message):
    """The whole site in short. The latest wins: by epoch, then `seq`, then `rev`; never by wall clock."""

    schema_id: Literal["evhub.status.v1"] = Field("evhub.status.v1", alias="schema")
    hub: HubId
    epoch: Hex
    seq: Upto = Field(description="The head of the journal that this status reflects.")
    rev: int = Field(ge=0, le=HIGHEST, description="Rises with every status of one boot.")
    boot_id: Hex
    at: Moment
    site: SiteStatus
    chargers: dict[str, ChargerStatus]
    alarms: tuple[Alarm, ...] = ()


class Ack(Message):
    """All up to `upto` is committed at the operator; `resend`: send again from there. May be lost or repeated."""

    schema_id: Literal["evhub.ack.v1"] = Field("evhub.ack.v1", alias="schema")
    epoch: Hex
    upto: Upto
    resend: bool = False


class Command(Message):
    """An order for the hub, carried out at most once for each id, and never after it has expired."""

    schema_id: Literal["evhub.command.v1"] = Field("evhub.command.v1", alias="schema")
    id: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=100)
    args: dict[str, JsonValue] = Field(default_factory=dict)
    expires_at: Moment


class Why(Record):
    """An error: a code for programs, what happened, and what to do next."""

    code: str
    message: str
    next: str | None = None


class Reply(Message):
    """The one answer to a command: a result, or an error with the next step."""

    schema_id: Literal["evhub.reply.v1"] = Field("evhub.reply.v1", alias="schema")
    id: str = Field(min_length=1, max_length=64)
    ok: bool
    result: JsonValue = None
    error: Why | None = None
