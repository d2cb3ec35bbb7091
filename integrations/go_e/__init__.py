"""go-e Charger over its HTTP API v2: a client for one charger. Read charger.py; translate.py has the words."""

from integrations.go_e.charger import start

__all__ = ["start"]
