"""The tables of access, and the units of work on them: people, logins, tokens, and the audit book."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub.core.orders import AuditLine
from hub.core.store import Tx
from hub.core.tables import Moment, metadata
from hub.model.person import Role, Roles

MOST_ARGS = 2_000  # characters of the arguments of one order in the book

people = sa.Table(
    "people",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("password", sa.Text, nullable=False),  # argon2id
    sa.Column("roles", sa.String(100), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
)

logins = sa.Table(
    "logins",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("origin", sa.String(64)),
)

tokens = sa.Table(
    "service_tokens",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("roles", sa.String(100), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", sa.String(64), nullable=False),
    sa.Column("ends_at", Moment),  # null: never
)

book = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("who", sa.String(64), nullable=False),
    sa.Column("via", sa.String(20), nullable=False),
    sa.Column("origin", sa.String(64)),
    sa.Column("what", sa.String(60), nullable=False),
    sa.Column("args", sa.Text, nullable=False),
    sa.Column("code", sa.String(20)),  # null: done
    sa.Column("message", sa.Text, nullable=False),
    sa.Index("audit_by_time", "at"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who logs in. `password` is what is kept of it."""

    name: str
    password: str
    roles: Roles
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """One browser of one person."""

    digest: str
    person: str
    made_at: datetime
    seen_at: datetime
    origin: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """A program that may ask."""

    name: str
    digest: str
    roles: Roles
    made_at: datetime
    made_by: str
    ends_at: datetime | None


def all_people(connection: Connection) -> list[Person]:
    """Everybody, in the order in which they came."""
    rows = connection.execute(sa.select(people).order_by(people.c.made_at, people.c.name))
    return [Person(row.name, row.password, _roles(row.roles), row.made_at) for row in rows]


def all_logins(connection: Connection) -> list[Login]:
    """Every login that was not ended."""
    return [
        Login(row.digest, row.person, row.made_at, row.seen_at, row.origin)
        for row in connection.execute(sa.select(logins))
    ]


def all_tokens(connection: Connection) -> list[Token]:
    """Every token, also those that have ended."""
    rows = connection.execute(sa.select(tokens).order_by(tokens.c.made_at, tokens.c.name))
    return [Token(r.name, r.digest, _roles(r.roles), r.made_at, r.made_by, r.ends_at) for r in rows]


def keep_person(tx: Tx, person: Person) -> None:
    """Write somebody down, in place of the one who had that name."""
    tx.connection.execute(people.delete().where(people.c.name == person.name))
    values = {
        "name": person.name,
        "password": person.password,
        "roles": _words(person.roles),
        "made_at": person.made_at,
    }
    tx.connection.execute(people.insert().values(**values))


def forget_person(tx: Tx, name: str) -> None:
    """Take somebody out, with every login."""
    tx.connection.execute(people.delete().where(people.c.name == name))
    tx.connection.execute(logins.delete().where(logins.c.person == name))


def keep_login(tx: Tx, login: Login) -> None:
    """Write a login down, or when it was seen last."""
    tx.connection.execute(logins.delete().where(logins.c.digest == login.digest))
    tx.connection.execute(
        logins.insert().values(
            digest=login.digest,
            person=login.person,
            made_at=login.made_at,
            seen_at=login.seen_at,
            origin=login.origin,
        )
    )


def forget_logins(tx: Tx, digests: Iterable[str]) -> None:
    """End these logins."""
    tx.connection.execute(logins.delete().where(logins.c.digest.in_(list(digests))))


def keep_token(tx: Tx, token: Token) -> None:
    """Write a token down."""
    tx.connection.execute(
        tokens.insert().values(
            name=token.name,
            digest=token.digest,
            roles=_words(token.roles),
            made_at=token.made_at,
            made_by=token.made_by,
            ends_at=token.ends_at,
        )
    )


def forget_token(tx: Tx, name: str) -> None:
    """Revoke one."""
    tx.connection.execute(tokens.delete().where(tokens.c.name == name))


def write_line(tx: Tx, line: AuditLine) -> None:
    """One line of the audit book."""
    tx.connection.execute(
        book.insert().values(
            at=line.at,
            who=line.caller.who[:64],
            via=line.caller.via[:20],
            origin=None if line.caller.origin is None else line.caller.origin[:64],
            what=line.order[:60],
            args=orjson.dumps(dict(line.args), default=str).decode()[:MOST_ARGS],
            code=line.code,
            message=line.message[:MOST_ARGS],
        )
    )


def forget_lines(tx: Tx, before: datetime) -> None:
    """What is too old."""
    tx.connection.execute(book.delete().where(book.c.at < before))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Lines of the book, the newest first; None: whoever, whatever."""

    since: datetime | None
    who: str | None
    what: str | None
    limit: int


def lines(connection: Connection, wanted: Wanted) -> list[dict[str, object]]:
    """What was ordered, as it is shown."""
    rows = sa.select(book)
    if wanted.since is not None:
        rows = rows.where(book.c.at >= wanted.since)
    if wanted.who is not None:
        rows = rows.where(book.c.who == wanted.who)
    if wanted.what is not None:
        rows = rows.where(book.c.what == wanted.what)
    return [_line(row) for row in connection.execute(rows.order_by(book.c.id.desc()).limit(wanted.limit))]


def _line(row: Row[tuple[object, ...]]) -> dict[str, object]:
    try:
        args = orjson.loads(row.args)
    except orjson.JSONDecodeError:  # it was cut off
        args = row.args
    return {
        "at": row.at,
        "who": row.who,
        "via": row.via,
        "origin": row.origin,
        "order": row.what,
        "args": args,
        "result": row.code or "done",
        "message": row.message,
    }


def _words(roles: Roles) -> str:
    return " ".join(sorted(roles))


def _roles(words: str) -> Roles:
    return frozenset(Role(word) for word in words.split() if word in set(Role))
