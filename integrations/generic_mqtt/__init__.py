"""Chargers and meters that say by MQTT what they measure, in whatever words: config.py says where each value stands.

Read meter.py first, then charger.py; ear.py hears for both, and translate.py has the words.
"""

from integrations.generic_mqtt.charger import start_charger
from integrations.generic_mqtt.meter import start_meter

__all__ = ["start_charger", "start_meter"]
