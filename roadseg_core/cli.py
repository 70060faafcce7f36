"""The ``roadseg`` command."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Sequence

from roadseg_core import __version__
from roadseg_core.commands import COMMANDS
from roadseg_core.missing import repair

_PAIR = re.compile(r'[A-Za-z_][\w.]*=')


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 for success, 1 with a message on stderr for what the user can fix."""
    options = _parsed(arguments)
    try:
        return options.run(options) or 0
    except ModuleNotFoundError as error:
        return _fail(options.command, repair(error))
    except (ValueError, OSError, ImportError) as error:
        return _fail(options.command, error)
    except RuntimeError as error:
        # Imported here: `roadseg --help` need not wait for what engines need.
        from roadseg_core.engines.base import EngineError

        if not isinstance(error, EngineError):
            raise
        return _fail(options.command, error)
    except KeyboardInterrupt:
        return 130


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; KEY=VALUE may stand behind options too, which argparse refuses."""
    parser = _parser()
    options, late = parser.parse_known_args(arguments)
    wrong = [word for word in late if not _PAIR.match(word)]
    if wrong or (late and not hasattr(options, 'pairs')):
        parser.error(f'unrecognized arguments: {" ".join(wrong or late)}')
    if late:
        options.pairs = [*options.pairs, *late]
    return options


def _fail(command: str, error: Exception | str) -> int:
    print(f'roadseg {command}: {error}', file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='roadseg',
        description='Train, check, measure and run road segmentation models.',
        epilog='examples:\n    roadseg segment drive.mp4 --output drive\n    roadseg train --help',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=f'roadseg {__version__}')
    subparsers = parser.add_subparsers(dest='command', required=True)
    for name in COMMANDS:
        module = importlib.import_module(f'roadseg_core.commands.{name.replace("-", "_")}')
        # What stands indented in the module's docstring.
        examples = '\n'.join(line for line in module.__doc__.splitlines() if line[:4] == '    ')
        command = subparsers.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=f'examples:\n{examples}',
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == '__main__':
    sys.exit(main())
