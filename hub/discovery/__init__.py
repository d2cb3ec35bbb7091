"""Discovery: finds devices that announce themselves, keeps those that dial in unknown, and has them adopted."""
