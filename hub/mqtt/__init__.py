"""The MQTT room: the live picture on retained topics, events, orders by message, and a broker where there is none."""
