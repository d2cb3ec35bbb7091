"""What the command line takes: the options of most commands, numbers that make sense, and wrong use in JSON too."""

from __future__ import annotations

import errno
import math
import os
import sys
from pathlib import Path
from typing import Any

import click

from hub.cli import say

PORT = click.IntRange(0, 65535)
DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="EVHUB_DATA",
    show_default=True,
    help="Folder of the hub's configuration and state.",
)
CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Configuration file instead of <data>/config.yaml.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document for machines.")


class Number(click.FloatRange):
    """A number in a range; `nan` and `inf` are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or the usual complaint."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number that can be used.", param, ctx)
        return number


class Commands(click.Group):
    """The group of commands. With `--json` a wrong use is one JSON document on stdout, like every other error."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command line. An output that takes no more (a full disk) is a problem like any other."""
        try:
            return super().main(*args, **kwargs)
        except OSError as failed:
            if failed.errno != errno.ENOSPC:
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what it still holds would fail once more
            click.echo(f"evhub: the output takes no more: {failed.strerror}", err=True)
            raise SystemExit(say.PROBLEM) from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Notice who listens before anything can go wrong."""
        ctx.meta["json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, whose own options are read here."""
        try:
            return super().invoke(ctx)
        except click.UsageError as wrong:
            if not ctx.meta["json"]:
                raise
            at = wrong.ctx.command_path if wrong.ctx is not None else "evhub"
            said = {"code": "wrong_use", "message": wrong.format_message(), "next": f"see '{at} --help'"}
            say.as_json({"ok": False, "error": said})
            ctx.exit(say.WRONG_USE)
