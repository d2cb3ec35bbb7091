"""How commands speak: text or JSON on stdout, problems on stderr, and one exit code for each kind of trouble."""

from __future__ import annotations

import json
from typing import NoReturn

import click

from hub.model.errors import EvhubError, Unreachable

PROBLEM, WRONG_USE, CANNOT_REACH = 1, 2, 3


def as_json(document: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def fail(trouble: EvhubError, *, in_json: bool = False) -> NoReturn:
    """Say what is wrong and what to do, and end with the code for it."""
    code = CANNOT_REACH if isinstance(trouble, Unreachable) else PROBLEM
    if in_json:
        as_json({"ok": False, "error": {"code": trouble.code, "message": trouble.message, "next": trouble.next}})
    else:
        click.echo(f"evhub: {trouble.message}", err=True)
        if trouble.next:
            click.echo(f"       next: {trouble.next}", err=True)
    raise SystemExit(code)
