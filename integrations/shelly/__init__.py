"""Shelly three-phase energy meters of generation 2 and later: a client for one meter. Read meter.py first."""

from integrations.shelly.meter import start

__all__ = ["start"]
