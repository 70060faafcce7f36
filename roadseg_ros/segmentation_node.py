"""The executable of the segmentation node."""

from __future__ import annotations

import os
import signal
import sys
import threading

_ENDING = (signal.SIGINT, signal.SIGTERM)


def main(arguments: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM (exit code 0), or a failure (not 0)."""
    # Loading takes a second or two and holds nothing yet. KeyboardInterrupt would not do: modules
    # in C turn it into errors of their own, and who presses Ctrl-C wants no traceback.
    for number in _ENDING:
        signal.signal(number, lambda number, frame: os._exit(0))
    from roadseg_ros.node.process import run_process

    for number in _ENDING:
        signal.signal(number, signal.default_int_handler)
    try:
        code = run_process(arguments)
    except KeyboardInterrupt:
        code = 0
    if threading.active_count() > 1:
        # One that opens an engine, or hangs: Python's own end and that of a native call can clash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


if __name__ == '__main__':
    sys.exit(main())
