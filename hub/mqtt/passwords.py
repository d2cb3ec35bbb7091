"""Password lines as mosquitto reads them, so that no other program is needed to write one. Pure.

Format `user:$7$<iterations>$<salt>$<hash>`: PBKDF2 with SHA-512, salt and hash in base64 (mosquitto 2, password_mosq).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

SALT_BYTES = 12  # mosquitto 2.0 reads exactly this length
ITERATIONS = 101  # mosquitto's own; our passwords are random, so more would only cost time at every connect


def line(user: str, password: str, salt: bytes) -> str:
    """One line of a password file."""
    digest = _digest(password, salt, ITERATIONS)
    return f"{user}:$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}\n"


def parsed(text: str) -> Mapping[str, str]:
    """User to hash, from a password file."""
    pairs = (row.strip().partition(":") for row in text.splitlines())
    return {user: hashed for user, colon, hashed in pairs if colon}


def fits(password: str, hashed: str) -> bool:
    """True when the hash is that of the password."""
    match hashed.split("$"):
        case ["", "7", iterations, salt, digest]:
            return hmac.compare_digest(_digest(password, b64decode(salt), int(iterations)), b64decode(digest))
        case _:
            return False


def _digest(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
