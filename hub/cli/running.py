"""What `evhub doctor` reads out of a running hub: its status document, and how its operators do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.cli.look import Look, hint, ok, problem
from hub.config.problem import counted

Part = Mapping[str, Any]

SLOW_LOOP_MS = 250.0
MOST_NAMED = 3
LATE_S = 3600.0  # an operator that has not got a fact for so long misses it


def of_status(status: Part, option: str, now: datetime) -> Iterator[Look]:
    """The hub itself, its alarms, each charger and meter. `option`: what commands need to find this hub."""
    yield from _hub(status)
    yield from _file(status["config"])
    yield from _safe(status["site"]["safe_plan"], option)
    for alarm in status["site"]["alarms"]:
        yield problem("alarm", alarm["text"], f"see 'evhub status{option}', and docs/concepts/balancing.md")
    yield from _devices("chargers", status["chargers"], now)
    for id, charger in status["chargers"].items():
        if charger["online"] and (charger["fault"] or charger["status"] == "faulted"):
            yield _faulty(id, charger["fault"] or {}, option)
    yield from _devices("meters", status["meters"], now)
    if found := status["candidates"]:
        names = ", ".join(one["station"] for one in found[:MOST_NAMED]) + (", …" if len(found) > MOST_NAMED else "")
        yield hint("found", f"{len(found)} waiting to be adopted: {names}", f"evhub device list{option}")


def of_operators(operators: Mapping[str, Part], option: str) -> Iterator[Look]:
    """What each has not got, and why."""
    for id, view in operators.items():
        name, oldest_s = f"operator {id}", view["oldest_unsent_s"]
        waits = f"{counted(view['behind'], 'fact')} waiting"
        waits += "" if oldest_s is None else f", the oldest for {_span(oldest_s)}"
        step = f"evhub operator status{option} says more; nothing is lost, it is sent when it can be"
        if view["connected"] and (oldest_s or 0.0) < LATE_S:
            yield ok(name, f"connected by {view['way']}, {waits}" if view["behind"] else f"connected by {view['way']}")
        else:
            trouble = view["last_error"] or "it has not said why"
            late = (oldest_s or 0.0) >= LATE_S
            yield (problem if late else hint)(name, f"{waits}: {trouble}", step)


def _hub(status: Part) -> Iterator[Look]:
    lag_ms = status["hub"]["loop_lag_ms"]["p99"]
    balancing = status["site"]["balancing"]
    state = "" if balancing is None else f", balancing {balancing['state']}"
    if balancing is not None and balancing["state"] == "starting":
        waits = ", ".join(balancing["waits_for"])
        yield hint("hub", f"it starts: nothing is raised before {waits} has spoken", "wait a minute, then look again")
    elif lag_ms is not None and lag_ms > SLOW_LOOP_MS:
        step = "another program may take the processor: see 'top'; then the hub's log"
        yield hint("hub", f"it runs, but its loop is {lag_ms:g} ms late", step)
    else:
        yield ok("hub", f"it runs{state}")


def _file(config: Part) -> Iterator[Look]:
    if config["problems"]:
        step = f"evhub check-config --config {config['file']}"
        yield problem("configuration", "the running hub goes on with an earlier state of the file", step)
    for key in config["needs_restart"]:
        yield hint("configuration", f"{key} counts from the next start on", "restart the hub when it suits")


def _safe(plan: Part | None, option: str) -> Iterator[Look]:
    """What happens when the hub dies: docs/concepts/balancing.md."""
    if plan is None or plan["state"] == "set":
        return
    who = ", ".join(plan["chargers"])
    if plan["state"] == "partly":
        yield hint(
            "safe plan",
            f"if the hub died, these would keep their limit: {who}",
            f"evhub status{option} --json says why",
        )
    else:
        yield hint("safe plan", f"not all minimums fit: no share for {who}", "evhub check-config says what would fit")


def _devices(kind: str, devices: Mapping[str, Part], now: datetime) -> Iterator[Look]:
    """Those that do not answer by name; those that do in one line."""
    well = [id for id, device in devices.items() if device["online"]]
    if devices and len(well) == len(devices):
        yield ok(kind, f"all {len(well)} answer" if len(well) > 1 else f"{well[0]} answers")
    elif well:
        yield ok(kind, f"{len(well)} of {len(devices)} answer")
    for id, device in devices.items():
        if not device["online"]:
            yield _silent(id, device, now)


def _silent(id: str, device: Part, now: datetime) -> Look:
    said = "was not heard since the hub started" if device["online"] is None else "does not answer"
    if device["measured_at"] is not None:
        said += f", last measured {_span((now - datetime.fromisoformat(device['measured_at'])).total_seconds())} ago"
    return problem(id, said, "look at its power and its network; an OCPP station has to dial in by itself")


def _faulty(id: str, fault: Part, option: str) -> Look:
    words = [fault.get("code") or "it says that it is faulted", fault.get("vendor_code"), fault.get("text")]
    said = ", ".join(str(word) for word in words if word)
    return problem(id, said, f"look at the charger; then evhub order{option} charger.reset charger={id}")


def _span(seconds: float) -> str:
    """`14 min`, `6 h`, `3 days`."""
    minutes = max(0.0, seconds) / 60
    if minutes < 1:
        return f"{max(0.0, seconds):.0f} s"
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"
