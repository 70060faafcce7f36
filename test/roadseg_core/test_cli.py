"""The command line as a whole."""

from __future__ import annotations

import pytest

from roadseg_core.cli import main


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
