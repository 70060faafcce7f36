"""The command line as a whole."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from roadseg_core import __version__
from roadseg_core.cli import _parsed, main
from roadseg_core.commands import COMMANDS


def refusal(words, capsys):
    """Return what the refused command prints; raise what it lacks, for a test to be skipped."""
    assert main(words) == 1
    told = capsys.readouterr().err
    missing = re.search(r"No module named '(\w+)", told)
    if missing:
        raise ModuleNotFoundError(told, name=missing[1])
    return told


def test_pairs_may_stand_behind_options(capsys):
    lines = []
    for words in (['classes=3', '--network', 'unet'], ['--network', 'unet', 'classes=3']):
        main(['budget', *words])
        lines.append(capsys.readouterr())
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    'words',
    [
        ['budget', 'a=1', '--scenario', 'parking', 'words'],
        ['info', 'model.onnx', 'a=1'],
        ['budget', '--nothing', 'a=1'],
    ],
)
def test_other_words_are_refused(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert 'unrecognized arguments' in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(['--version'])
    assert end.value.code == 0 and capsys.readouterr().out == f'roadseg {__version__}\n'


@pytest.mark.parametrize('command', [*COMMANDS, 'benchmark engine'])
def test_every_help_ends_with_examples_that_the_command_takes(command, capsys):
    words = command.split()
    with pytest.raises(SystemExit):
        main([*words, '--help'])
    _, examples = capsys.readouterr().out.split('examples:\n')
    lines = shlex.split(examples.replace('\\\n', ' '), comments=True)
    calls = [i for i, word in enumerate(lines) if word == 'roadseg']
    assert len(calls) >= 2
    for start, end in zip(calls, [*calls[1:], None]):
        assert lines[start + 1] == words[0]
        _parsed(lines[start + 1 : end])


@pytest.mark.parametrize(
    ('command', 'words'),
    [
        ('evaluate', ['drive.mp4']),
        ('evaluate', ['--data', 'drive.mcap']),
        ('evaluate', ['--data', 'FOLDER']),
        ('evaluate', ['FOLDER']),
        ('check-data', ['drive.mp4']),
        ('quantize model.onnx --output a.onnx --calibrate drive', ['--data', 'drive.db3']),
    ],
)
def test_a_recording_is_told_what_takes_it(command, words, tmp_path, capsys):
    words = [str(tmp_path) if word == 'FOLDER' else word for word in words]
    told = refusal([*command.split(), *words], capsys)
    assert f'label a recording by: roadseg segment {words[-1]}' in told


@pytest.mark.parametrize(
    'words',
    [
        'evaluate --data camvid --video',
        'evaluate --data camvid --html',
        'evaluate --data camvid --json',
        'export best.safetensors --output',
        'convert-fp16 model.onnx --output',
        'quantize model.onnx --calibrate drive --data camvid --output',
        'plot a_run --curves',
        'plot a_run --panels',
        'budget --scenario parking --json',
        'budget --scenario parking --plot',
        'benchmark engine model.onnx --output',
    ],
)
def test_a_file_is_replaced_only_when_asked(words, tmp_path, capsys):
    mine = tmp_path / 'drive.mp4'
    mine.write_bytes(b'mine')
    told = refusal([*words.split(), str(mine)], capsys)
    assert 'drive.mp4 is there; name another file' in told
    assert mine.read_bytes() == b'mine'


def test_overwrite_replaces_a_file(tmp_path):
    pytest.importorskip('onnxruntime', reason='convert-fp16 needs the packages for training')
    mine = tmp_path / 'fp16.onnx'
    mine.write_bytes(b'mine')
    model = str(Path(__file__).parents[2] / 'models' / 'mobilenet_fcn_0.5.onnx')
    assert main(['convert-fp16', model, '--output', str(mine), '--overwrite']) == 0
    assert len(mine.read_bytes()) > 1000


def test_contact_sheets_replace_no_pictures_of_a_folder(tmp_path, capsys):
    (tmp_path / 'a.png').write_bytes(b'mine')
    words = ['check-data', 'camvid', '--root', str(tmp_path), '--output', str(tmp_path)]
    assert 'a.png is there' in refusal(words, capsys)
