"""What the orders of access take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from hub.core.orders import Args
from hub.model.errors import Invalid
from hub.model.person import Role


def _small(given: object) -> object:
    return given.strip().lower() if isinstance(given, str) else given


Name = Annotated[str, BeforeValidator(_small), StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@+-]*$", max_length=64)]
"""How people and tokens are called: letters in any case are small ones."""


def _some(given: object) -> object:
    """The command line says `roles=owner,installer`."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


SomeRoles = Annotated[list[Role], BeforeValidator(_some), Field(min_length=1, max_length=len(Role))]


class NoArgs(Args):
    """Nothing."""


class NameArgs(Args):
    """Somebody, or a token."""

    name: Name


class RolesArgs(Args):
    """What somebody shall be."""

    name: Name
    roles: SomeRoles


class AddArgs(Args):
    """Somebody new; without a password one is made up."""

    name: Name
    roles: SomeRoles
    password: str | None = None


class TokenArgs(Args):
    """A token; without `days` it does not end."""

    name: Name
    roles: SomeRoles
    days: int | None = Field(default=None, ge=1, le=3650)


class AuditArgs(Args):
    """Which lines of the book; `since` is a time like 2026-03-03T18:10:00Z."""

    since: str | None = None
    who: str | None = None
    order: str | None = None
    limit: int = Field(default=100, ge=1, le=10_000)


class ClaimArgs(Args):
    """The code that the hub printed, and who its owner shall be."""

    code: str = Field(max_length=100)
    name: Name
    password: str = Field(max_length=1000)


class LoginArgs(Args):
    """Who comes in."""

    name: Name
    password: str = Field(max_length=1000)


class PasswordArgs(Args):
    """A password in place of another."""

    old: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


def known_time(text: str | None) -> datetime | None:
    """The moment that is written there. Raises Invalid."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"since '{text}' is not a time", "write it as 2026-03-03T18:10:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
