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
    args = dict(_pair(text) for text in values)
    if not name.strip("."):
        raise click.UsageError(f"'{name}' is no name of an order")
    document = {"id": uuid.uuid4().hex, "args": args}
    try:
        reply = asyncio.run(ask(socket_path(data), "POST", f"/orders/{quote(name, safe='')}", document))
    except EvhubError as trouble:
        say.fail(trouble, in_json=as_json)
    if as_json:
        say.as_json(reply)
    else:
        _print(name, reply)
    raise SystemExit(0 if reply.get("ok") else _code_of(reply))


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


def _print(name: str, reply: Mapping[str, object]) -> None:
    if reply.get("ok"):
        result = _mapping(reply.get("result"))
        click.echo(f"{name}: done. " + " ".join(f"{key}={_plain(value)}" for key, value in result.items()))
        return
    error = _mapping(reply.get("error"))
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
