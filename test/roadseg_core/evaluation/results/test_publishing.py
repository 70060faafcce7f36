"""Results in a folder that holds files of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_core.evaluation.fleet.parts import part_folder
from roadseg_core.evaluation.results.publishing import forget, publish


@pytest.mark.parametrize(
    'name', ['report.html', 'frames.jsonl', 'annotated/notes.txt', 'published/drive']
)
def test_what_no_evaluation_wrote_is_kept(name: str, tmp_path: Path) -> None:
    mine = tmp_path / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text('mine')
    with pytest.raises(FileExistsError, match='not written by an evaluation'):
        forget(tmp_path)
    assert mine.read_text() == 'mine'


def test_results_of_an_earlier_run_are_forgotten_and_a_video_of_another_is_kept(
    tmp_path: Path,
) -> None:
    bag, output = tmp_path / 'drive', tmp_path / 'output'
    video = part_folder(bag, output) / 'front.mp4'
    video.parent.mkdir(parents=True)
    video.write_text('overlays')
    shown = output / 'front.mp4'
    publish([bag], output)
    assert shown.read_text() == 'overlays'
    (output / 'report.json').write_text('{}')
    forget(output)
    assert not shown.exists() and not (output / 'report.json').exists()
    shown.write_text('mine')
    forget(output)
    with pytest.raises(FileExistsError):
        publish([bag], output)
    assert shown.read_text() == 'mine'
