"""The command line: `evhub`. Verbs first; people's text by default, `--json` for machines.

Exit codes: 0 done · 1 a problem was found · 2 wrong use · 3 cannot reach what it needs.
"""

from hub.cli.main import main

__all__ = ["main"]
