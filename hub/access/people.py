"""Who there is, in memory: people, their logins, and tokens. Pure bookkeeping; the service writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.access.config import AccessConfig
from hub.access.store import Login, Person, Token
from hub.model.person import OWN, Role, Roles


@dataclass(slots=True)
class People:
    """Everybody who may come in."""

    people: dict[str, Person] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)  # by digest
    tokens: dict[str, Token] = field(default_factory=dict)  # by digest

    def who_has(self, digest: str, now: datetime, config: AccessConfig) -> tuple[Person, Login] | None:
        """The person of a login that still counts."""
        login = self.logins.get(digest)
        if login is None or has_ended(login, now, config):
            return None
        person = self.people.get(login.person)
        return None if person is None else (person, login)

    def program(self, digest: str, now: datetime) -> Token | None:
        """The token that still counts."""
        token = self.tokens.get(digest)
        return None if token is None or (token.ends_at is not None and token.ends_at <= now) else token

    @property
    def has_owner(self) -> bool:
        """Somebody owns the hub."""
        return any(Role.OWNER in one.roles for one in self.people.values())

    def logins_of(self, name: str) -> list[str]:
        """The digests of all logins of somebody."""
        return [digest for digest, login in self.logins.items() if login.person == name]

    def ended(self, now: datetime, config: AccessConfig) -> list[str]:
        """The digests of logins that do not count any more."""
        return [digest for digest, login in self.logins.items() if has_ended(login, now, config)]

    def would_lock_out(self, name: str, roles: Roles) -> bool:
        """True when nobody would be an owner if this one had these roles."""
        before = self.people.get(name)
        was_owner = before is not None and Role.OWNER in before.roles
        others = any(Role.OWNER in one.roles for one in self.people.values() if one.name != name)
        return was_owner and not others and not roles & OWN

    def token_called(self, name: str) -> Token | None:
        """By its name."""
        return next((token for token in self.tokens.values() if token.name == name), None)


def has_ended(login: Login, now: datetime, config: AccessConfig) -> bool:
    """It is too old, or nobody has used it for too long."""
    too_old = now - login.made_at > timedelta(days=config.login_days)
    return too_old or now - login.seen_at > timedelta(days=config.idle_days)
