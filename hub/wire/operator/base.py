"""The ground of every message: frozen, read leniently, written strictly.

`read` ignores what it does not know, so that a newer hub or operator may say more; `to_json` writes the fields in their
order, unknown as null. One class serves both, so that what one side writes the other cannot misread.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hub.wire.operator.errors import NotReadable

HIGHEST = 2**53 - 1  # what every JSON reader holds exactly


def _is_moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("a time has a zone: 2026-01-31T15:04:05.123Z")
    return text


Moment = Annotated[str, AfterValidator(_is_moment), Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 with its zone, as text: `2026-01-31T15:04:05.123Z`. `datetime.fromisoformat` reads it."""
HubId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,39}$")]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""A random 128-bit identity: of an epoch, of a boot."""
Seq = Annotated[int, Field(ge=1, le=HIGHEST)]
"""A place in a hub's journal: 1, 2, 3 and so on, with nothing left out in one epoch."""
Upto = Annotated[int, Field(ge=0, le=HIGHEST)]
"""The last place of a part of the journal that begins at 1; 0 is the empty part."""
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""One of a few words. A reader takes one that it does not know for unknown."""


class Record(BaseModel):
    """Base of what is inside a message."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        defer_build=True,  # a hub without an operator pays nothing at its start
    )


class Message(Record):
    """Base of the messages: each says by `schema` what it is."""

    schema_id: str = Field(alias="schema")

    def to_json(self) -> bytes:
        """The message as it goes over the wire."""
        return self.model_dump_json().encode()


M = TypeVar("M", bound=Message)


def read(kind: type[M], payload: bytes | str) -> M:
    """Read a message leniently: unknown fields are ignored. Raises NotReadable with the reason in words."""
    try:
        message = kind.model_validate_json(payload)
    except ValidationError as wrong:
        raise NotReadable(in_words(wrong)) from wrong
    if "schema_id" not in message.model_fields_set:
        raise NotReadable("it does not say its schema")
    return message


def in_words(wrong: ValidationError) -> str:
    """The first thing that is wrong, with its place: `items.3.event.seq: Input should be greater than 0`."""
    first = wrong.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
