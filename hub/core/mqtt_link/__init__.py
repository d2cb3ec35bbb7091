"""A kept connection to an MQTT broker, for every room that speaks through one: server, link, outbox, client."""
