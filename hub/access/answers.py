"""What access answers, as models: the API's description is made from them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from hub.core.shapes import Shape
from hub.model.person import Role


class PersonState(Shape):
    """Somebody who may log in."""

    name: str
    roles: list[Role]
    made_at: datetime
    logins: int = Field(description="that are open now")
    seen_at: datetime | None


class People(Shape):
    """Who may log in."""

    users: list[PersonState]


class NewPerson(PersonState):
    """Somebody new; a password that was made up is shown this once."""

    password: str | None = None


class NewPassword(Shape):
    """A password that was made up; it is shown this once."""

    name: str
    password: str


class TokenState(Shape):
    """A program's token, without its secret."""

    name: str
    roles: list[Role]
    made_at: datetime
    made_by: str
    ends_at: datetime | None


class Tokens(Shape):
    """Which programs have a token."""

    tokens: list[TokenState]


class NewToken(TokenState):
    """A token with its secret, which is shown this once."""

    token: str


class Gone(Shape):
    """Who or what has no access any more."""

    name: str


class BookLine(Shape):
    """One line of the audit book."""

    at: datetime
    who: str
    via: str
    origin: str | None
    order: str
    args: dict[str, Any] | str = Field(description="secrets masked; text where they were too long to keep whole")
    result: str = Field(description="done, or the code of the error")
    message: str


class Book(Shape):
    """Lines of the audit book, the newest first."""

    lines: list[BookLine]


class Myself(Shape):
    """Who is logged in, and the word that every change must carry as X-CSRF-Token; null with a token."""

    name: str
    roles: list[Role]
    csrf: str | None


class Claimable(Shape):
    """Whether the hub waits for an owner."""

    claimable: bool


class Done(Shape):
    """It is done."""

    ok: bool
