"""`evhub order`: any order of the catalogue, by the hub's local door."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from hub.cli import say
from hub.model.errors import EvhubError
from hub.web.local import ask, socket_path


def give(data: Path, name: str, values: tuple[str, ...], *, as_json: bool) -> None:
    """Give one order and print its reply. Exit 0 when it was done, 1 when it was refused, 3 when no hub answers."""
    result = done(data, name, pairs(values), as_json=as_json)
    click.echo(f"{name}: done. " + " ".join(f"{key}={_plain(value)}" for key, value in result.items()))


def done(data: Path, name: str, args: Mapping[str, object], *, as_json: bool) -> Mapping[str, Any]:
    """Give one order; its result, to be put into words. With `as_json`, or when it is refused, all is said here."""
    if not name.strip("."):
        raise click.UsageError(f"'{name}' is no name of an order")
    document = {"id": uuid.uuid4().hex, "args": args}
    try:
        reply = asyncio.run(ask(socket_path(data), "POST", f"/orders/{quote(name, safe='')}", document))
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)
    if as_json:
        say.as_json(reply)
    elif not reply.get("ok"):
        _refused(name, _mapping(reply.get("error")))
    if as_json or not reply.get("ok"):
        raise SystemExit(0 if reply.get("ok") else _code_of(reply))
    return _mapping(reply.get("result"))


def pairs(values: tuple[str, ...]) -> dict[str, object]:
    """`limit_a=10 name=…` as arguments."""
    return dict(_pair(text) for text in values)


def list_orders(data: Path, *, as_json: bool) -> None:
    """Print every order that the running hub takes."""
    try:
        catalogue = asyncio.run(ask(socket_path(data), "GET", "/orders"))
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)
    if as_json:
        say.as_json(catalogue)
        return
    for name, entry in catalogue.items():
        served = _mapping(entry)
        click.echo(f"{name:<20} {served.get('says', '')}")
        click.echo(f"{'':<20}   {' '.join(f'{arg}=…' for arg in _list(served.get('args')))}")


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"'{text}' is not key=value")
    return key, _value(value)


def _value(text: str) -> object:
    """JSON where it is some, else text: also the numbers that JSON knows not (NaN), or would write in another way.

    So a serial number 12E45 or a token 0012 stays what was typed, and NaN never becomes null, which means "no limit".
    """
    try:
        value: object = json.loads(text, parse_constant=_no_json)
    except ValueError:
        return text
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return text if is_number and json.dumps(value) != text else value


def _no_json(word: str) -> None:
    raise ValueError(word)


def _refused(name: str, error: Mapping[str, Any]) -> None:
    click.echo(f"{name} refused ({error.get('code')}): {error.get('message')}", err=True)
    if error.get("next"):
        click.echo(f"  next: {error['next']}", err=True)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _code_of(reply: Mapping[str, object]) -> int:
    unreachable = _mapping(reply.get("error")).get("code") == "unreachable"
    return say.CANNOT_REACH if unreachable else say.PROBLEM


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
