"""Passwords, codes and tokens: how they are made, and what of them is kept."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.model.errors import TooMany

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
TOKEN = "evhub_"
MOST_WAITING = 10
AT_ONCE = 2  # each takes 19 MiB and half a second of a small box

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's least for argon2id
_dummy = _hasher.hash(secrets.token_urlsafe(16))


class Passwords:
    """Hashes passwords, two at a time, beside the event loop."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """What is kept of it."""
        async with self._turns:
            return await asyncio.to_thread(_hasher.hash, password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """True when it is this one. Without one it takes as long, so that nobody learns which names there are.

        Raises TooMany where too many wait already: guessers cannot keep the owner waiting.
        """
        if self._waiting >= MOST_WAITING:
            raise TooMany("too many log in at once", "wait a few seconds, then try again")
        self._waiting += 1
        try:
            return await self._fits(password, kept)
        finally:
            self._waiting -= 1

    async def _fits(self, password: str, kept: str | None) -> bool:
        async with self._turns:
            return await asyncio.to_thread(_verify, kept or _dummy, password) and kept is not None


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _bytes(secret: str) -> bytes:
    """Headers may hold what is no text."""
    return secret.encode(errors="surrogateescape")


def digest(secret: str) -> str:
    """What is kept of a long random secret: it needs no salt, and no time."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


def csrf_of(secret: str) -> str:
    """The word that the pages of a login send with what changes something. Nobody gets from it to the login."""
    return hashlib.sha256(b"csrf " + _bytes(secret)).hexdigest()


def new_secret() -> str:
    """256 bits of chance for a login."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """A service token: secret scanners know it by its beginning."""
    return TOKEN + secrets.token_urlsafe(32)


def new_code(groups: int = 2) -> str:
    """Groups of four letters for people to read and type: 20 bits each."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(groups))


def same_code(said: str, code: str) -> bool:
    """True where only case, blanks and dashes differ."""
    return secrets.compare_digest(_bare(said), _bare(code))


def _bare(code: str) -> bytes:
    return "".join(letter for letter in code.casefold() if letter.isalnum()).encode()
