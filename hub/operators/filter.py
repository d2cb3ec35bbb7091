"""What an operator may see of the journal: which facts, which classes, and what is left of a token. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

import orjson

from hub.core.entry import Entry
from hub.model.facts import Keeping
from hub.operators.config import Tokens

HASH_CHARS = 32


@dataclass(frozen=True, slots=True)
class Filter:
    """The owner's choice for one operator. `salt` is the hub's own and never leaves it."""

    facts: frozenset[str]  # none named: all
    classes: frozenset[Keeping]
    tokens: Tokens
    salt: bytes

    def takes(self, entry: Entry) -> bool:
        """True when the operator gets this entry."""
        return entry.keeping in self.classes and (not self.facts or entry.name in self.facts)

    def data(self, entry: Entry) -> dict[str, Any]:
        """The fact's fields as they leave the hub: tokens as chosen, everything else as it was told."""
        data = dict(orjson.loads(entry.data))
        if self.tokens is not Tokens.PLAIN:
            data.update({name: self._disguised(data[name]) for name in data if is_token(name)})
        return data

    def _disguised(self, token: object) -> str | None:
        """The same token is always the same word, which nobody without the salt can turn back."""
        if token is None or self.tokens is Tokens.HIDDEN:
            return None
        return hmac.digest(self.salt, str(token).encode(), "sha256").hex()[:HASH_CHARS]


def is_token(name: str) -> bool:
    """True for the field of a fact that holds what a person showed at a reader."""
    return name == "token" or name.endswith("_token")
