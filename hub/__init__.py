"""evhub: the software of a small EV charging site's own box. Read docs/start-here.md first."""

__version__ = "0.1.0"
