"""
The subcommands of ``roadseg``, a module each.

A command module has ``HELP`` (a line), ``add_arguments(parser)`` and ``run(options)``, which
returns the exit status, or None for 0. It imports what is heavy inside ``run``, so that
``roadseg --help`` and the commands for a vehicle need no torch.
"""

from __future__ import annotations

COMMANDS = (
    'train',
    'plot',
    'export',
    'add-golden-frame',
    'fit-temperature',
    'quantize',
    'convert-fp16',
    'build-engine',
    'segment',
    'evaluate',
    'card',
    'evaluate-health',
    'evaluate-ground',
    'budget',
    'benchmark',
    'check-data',
    'info',
)
"""The names of the commands in the order of the help; ``a-b`` lives in the module ``a_b``."""
