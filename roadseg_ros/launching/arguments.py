"""Check the command line of ``ros2 launch`` for seg.launch.py."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path

_LOG_LEVEL = re.compile(r'([^\s:]+:=)?(debug|info|warn|error|fatal)', re.IGNORECASE)


def refuse_unknown(
    command_line: Sequence[str], known: Collection[str], *, package: str, launch_file: Path
) -> None:
    """
    Raise ValueError where `ros2 launch` was given arguments that `launch_file` does not have.

    ros2 launch ignores them. Only the command line that names this very file is looked at: what
    another launch file that includes it is given is that one's own.
    """
    words = list(command_line)
    named = next(
        (
            at
            for at, word in enumerate(words)
            if Path(word).name == launch_file.name
            and (words[at - 1] == package or (os.path.exists(word) and launch_file.samefile(word)))
        ),
        len(words),
    )
    for word in words[named + 1 :]:
        name, separator, _ = word.partition(':=')
        if separator and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise ValueError(
                f'{launch_file.name} has no launch argument {name!r}'
                f'{f"; did you mean {close[0]}:=... ?" if close else ""} '
                f'(ros2 launch {package} {launch_file.name} --show-args lists them)'
            )


def check_log_level(text: str) -> str:
    """Return the log level; ValueError where the node would refuse it."""
    if not _LOG_LEVEL.fullmatch(text):
        raise ValueError(
            f'launch argument log_level:={text!r} is none of debug, info, warn, error, fatal, '
            'nor LOGGER:=LEVEL'
        )
    return text
