"""OpenEVSE with the ESP32 Wi-Fi firmware: a client for one charger. Read charger.py; translate.py has the words."""

from integrations.openevse.charger import start

__all__ = ["start"]
