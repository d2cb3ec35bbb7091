"""The command line: `evhub`. Verbs first; people's text by default, `--json` for machines.

Exit codes: 0 done · 1 a problem was found · 2 wrong use · 3 cannot reach what it needs.
"""

try:
    from hub.cli.main import main
except KeyboardInterrupt:  # reading the modules takes a second; Ctrl-C then is no reason for a traceback
    raise SystemExit(130) from None

__all__ = ["main"]
