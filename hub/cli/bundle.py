"""The bundle of `evhub doctor`: what somebody who helps needs to see, in one zip file, and no secret of the site.

Secrets are left out twice. The configuration is written from what was read, where each secret has a type of its own;
then every value that is known to be secret, and whatever looks like one, is masked in every text.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from hub import __version__
from hub.config.load import Loaded
from hub.core.keep import Keep
from hub.core.orders import masked as without_secrets
from hub.model.errors import Refused

MASK = "••••"
SHORTEST = 4  # a secret of fewer letters is no secret, and would mask half of a text
LONGEST_LOG = 2_000_000
SHAPES = (  # what stands before, and is kept; what looks like a secret
    re.compile(r"(://)[^/\s\"'@]+(?=@)"),  # user and password of an address
    re.compile(r"()evhub_[A-Za-z0-9_-]{8,}"),  # a service token
    re.compile(r"()\$argon2[^\s\"']+"),
    re.compile(r"(?i)(bearer )[A-Za-z0-9._~+/=-]+"),
    re.compile(r"(?i)((?:token|idtag)\\?['\"]: ?\\?['\"])[^'\"\\]+"),  # a driver's card
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes in. `status` and `log` are None where no hub runs, `loaded` where the file has an error."""

    doctor: Mapping[str, object]
    loaded: Loaded | None
    status: Mapping[str, object] | None
    log: str | None


def write(target: Path, data: Path, contents: Contents) -> list[str]:
    """Write the file, for its owner only; answers the names in it. Raises Refused."""
    if target.exists():
        raise Refused(f"{target} is there already", "name another file")
    secrets = sorted(set(known_secrets(contents.loaded, data)), key=len, reverse=True)
    files = {name: masked(text, secrets) for name, text in _texts(data, contents)}
    try:
        with open(target, "xb", opener=_private) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    except OSError as failed:
        raise Refused(f"{target} cannot be written: {failed.strerror}", "name another place") from failed
    return list(files)


def masked(text: str, secrets: list[str]) -> str:
    """The text without these secrets, in whatever way they are written, and without what looks like one."""
    for secret in secrets:
        for written in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
            text = text.replace(written, MASK)
    for shape in SHAPES:
        text = shape.sub(lambda found: found[1] + MASK, text)
    return text


def known_secrets(loaded: Loaded | None, data: Path) -> Iterator[str]:
    """Every secret of the configuration, and the passwords of the hub's own broker."""
    found = []
    if loaded is not None:
        found = [*_secrets(loaded.config), *_secrets([one.config for one in loaded.entries.values()])]
        found.append(loaded.config.store.url or "")
    kept = Keep(data / "mqtt").load("credentials")
    found += [str(word) for word in kept.values()] if isinstance(kept, dict) else []
    for secret in found:
        password = urlsplit(secret).password if "://" in secret else None
        yield from (word for word in (secret, password, unquote(password or "")) if word and len(word) >= SHORTEST)


def _secrets(value: object) -> Iterator[str]:
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case BaseModel():
            for part in dict(value).values():
                yield from _secrets(part)
        case Mapping():
            for part in value.values():
                yield from _secrets(part)
        case list() | tuple():
            for part in value:
                yield from _secrets(part)


def _texts(data: Path, contents: Contents) -> Iterator[tuple[str, str]]:
    yield "about.json", _json(_about())
    yield "doctor.json", _json(contents.doctor)
    if contents.loaded is not None:
        yield "config.json", _json(without_secrets(contents.loaded.config.model_dump(mode="json")))
    if contents.status is not None:
        yield "status.json", _json(contents.status)
    if contents.log is not None:
        yield "log.jsonl", contents.log
    for file in sorted((data / "mqtt").glob("*.log")):
        yield f"mqtt/{file.name}", file.read_text(encoding="utf-8", errors="replace")[-LONGEST_LOG:]


def _about() -> dict[str, object]:
    packages = {one.name: one.version for one in metadata.distributions()}
    system = {"python": sys.version, "system": platform.platform(), "machine": platform.machine()}
    return {"evhub": __version__, **system, "packages": dict(sorted(packages.items()))}


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
