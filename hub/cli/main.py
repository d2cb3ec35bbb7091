"""The commands and their options; each does its work in a module of its own."""

from __future__ import annotations

from pathlib import Path

import click

import hub
from hub.cli import backup as saving
from hub.cli import check_config as check
from hub.cli import demo as demo_site
from hub.cli import discover as found
from hub.cli import order as orders
from hub.cli import run as running
from hub.cli import status as shown
from hub.cli.access import audit, token, user
from hub.cli.config import config
from hub.cli.device import device
from hub.cli.doctor import doctor
from hub.cli.history import history, totals, why
from hub.cli.logs import logs
from hub.cli.operator import operator
from hub.cli.sessions import sessions
from hub.cli.words import CONFIG, DATA, JSON, PORT, Commands, Number


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(hub.__version__, prog_name="evhub")
@click.pass_context
def main(context: click.Context) -> None:
    """Find, connect and balance a site's EV chargers. Without a command: `evhub run`."""
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
@DATA
@CONFIG
@click.option("--log-json", is_flag=True, help="Log lines as JSON.")
def run(data: Path, config: Path | None, log_json: bool) -> None:
    """Run the hub. The shipped configuration is copied to <data>/config.yaml at the first start."""
    running.run(data, config, log_json=log_json)


@main.command()
@click.option("--port", type=PORT, default=8080, show_default=True, help="HTTP port; 0 takes a free one.")
@click.option("--ocpp-port", type=PORT, default=8887, show_default=True, help="OCPP port; 0 takes a free one.")
@click.option("--mqtt-port", type=PORT, default=1883, show_default=True, help="MQTT port; 0 takes a free one.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=None, help="Keep the state here.")
@click.option("--site", default="demo", show_default=True, help="demo: twelve bays. two: two cars share a fuse.")
@click.option("--seed", default=7, show_default=True, help="Another seed is another day.")
@click.option(
    "--speed",
    type=Number(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="How much faster the simulated world passes.",
)
@click.option("--duration", type=Number(min=0), default=0.0, help="End after so many seconds; 0 runs until Ctrl-C.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Write the true currents here."
)
def demo(**options: object) -> None:
    """Run a virtual site: real protocols, no hardware. Stop it with Ctrl-C."""
    demo_site.demo(demo_site.Options.model_validate(options))


@main.command("check-config")
@DATA
@CONFIG
@JSON
def check_config(data: Path, config: Path | None, as_json: bool) -> None:
    """Check a configuration: every problem at once, each with its line and the next step."""
    check.check_config(data, config, as_json=as_json)


@main.command()
@DATA
@click.option("--seconds", type=Number(min=0, max=3600), default=8.0, show_default=True, help="How long to listen.")
@JSON
def discover(data: Path, seconds: float, as_json: bool) -> None:
    """Find chargers and meters that announce themselves on the network."""
    found.discover(data, seconds, as_json=as_json)


@main.command()
@DATA
@JSON
def status(data: Path, as_json: bool) -> None:
    """Say how the running site is."""
    shown.status(data, as_json=as_json)


@main.command(short_help="Give an order to the running hub.")
@DATA
@JSON
@click.option("--list", "list_them", is_flag=True, help="Name every order and its arguments.")
@click.argument("name", required=False)
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
def order(data: Path, as_json: bool, list_them: bool, name: str | None, values: tuple[str, ...]) -> None:
    """Give an order to the running hub, e.g. `evhub order charger.set_limit charger=bay-1 limit_a=10`."""
    if list_them:
        orders.list_orders(data, as_json=as_json)
    elif name is None:
        raise click.UsageError("name an order, or give --list")
    else:
        orders.give(data, name, values, as_json=as_json)


main.add_command(device)
main.add_command(config)
main.add_command(operator)
main.add_command(history)
main.add_command(totals)
main.add_command(why)
main.add_command(sessions)
main.add_command(logs)
main.add_command(doctor)
main.add_command(user)
main.add_command(token)
main.add_command(audit)


@main.command()
@DATA
@CONFIG
@JSON
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def backup(data: Path, config: Path | None, as_json: bool, file: Path | None) -> None:
    """Write everything that a hub keeps into one file, and read it back. The hub may run meanwhile."""
    saving.backup(data, config, file, as_json=as_json)


@main.command()
@DATA
@JSON
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def restore(data: Path, as_json: bool, yes: bool, file: Path) -> None:
    """Put a backup in the place of what a stopped hub has; what was there is kept beside it."""
    saving.restore(data, file, yes=yes, as_json=as_json)
