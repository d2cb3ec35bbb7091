"""History: what was measured, what each charger did, and why it had what it had. Read service.py, then sample.py."""
