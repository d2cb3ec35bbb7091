"""OCPP 1.6J: a listener that chargers dial into. Read server.py, then charger.py; translate.py has the words."""

from integrations.ocpp.server import start

__all__ = ["start"]
