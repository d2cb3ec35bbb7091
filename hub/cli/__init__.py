"""The command line: `evhub`. Verbs first; people's text by default, `--json` for machines.

Exit codes: 0 done · 1 a problem was found · 2 wrong use · 3 cannot reach what it needs.
"""

import os
import signal
import threading

if threading.current_thread() is threading.main_thread():
    # Reading the modules takes a second, with nothing to clean up yet: Ctrl-C then, once or twice, just ends it.
    before = signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
    from hub.cli.main import main

    signal.signal(signal.SIGINT, before)
else:
    from hub.cli.main import main

__all__ = ["main"]
