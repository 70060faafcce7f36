"""These tests read the example of a systemd unit."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / 'config' / 'systemd' / 'roadseg.service'


@pytest.fixture(scope='module')
def unit() -> configparser.ConfigParser:
    # systemd repeats keys: of those the last is kept here.
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNIT, encoding='utf-8')
    return parser


def test_ros2_launch_alone_is_stopped_by_sigint(unit: configparser.ConfigParser) -> None:
    assert unit['Service']['KillSignal'] == 'SIGINT'
    assert unit['Service']['KillMode'] == 'mixed'


def test_it_starts_the_launch_file_with_arguments_that_it_has(
    unit: configparser.ConfigParser,
) -> None:
    command = unit['Service']['ExecStart'].rstrip("'")
    name, *arguments = command.partition('exec ros2 launch roadseg_ros ')[2].split()
    launch_file = (ROOT / 'launch' / name).read_text(encoding='utf-8')
    for argument in arguments:
        assert re.search(rf"'{argument.partition(':=')[0]}'", launch_file)


def test_systemd_accepts_it() -> None:
    if shutil.which('systemd-analyze') is None:
        pytest.skip('systemd is not installed')
    done = subprocess.run(
        ['systemd-analyze', 'verify', '--man=no', UNIT], capture_output=True, text=True, timeout=60
    )
    assert not [line for line in done.stderr.splitlines() if UNIT.name in line]
