"""Pictures, videos and bags become label images, and nobody's files are replaced."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from filelock import FileLock
from street_fixtures import FIRST_STAMP_NS, PERIOD_NS, street

from roadseg_core.cli import main

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for number in range(6):
        cv2.imwrite(str(folder / f'street_{number}.png'), street(number)[0])
    return folder


@pytest.fixture
def segment(tmp_path: Path, exact_model: str) -> Callable[..., tuple[int, dict]]:
    """Return a function that runs the command, and returns its exit code and segment.json."""

    def run(*words: str | Path, output: str = 'out', outputs: str = 'label') -> tuple[int, dict]:
        folder = tmp_path / output
        arguments = ['--output', str(folder), '--outputs', outputs, *map(str, words)]
        code = main(['segment', *arguments, '--model', exact_model, '--precision', 'fp32'])
        summary = folder / 'segment.json'
        with suppress(OSError, ValueError):
            return code, json.loads(summary.read_text())
        return code, {}

    return run


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file() and not path.name.startswith(('.', 'segment.'))
    }


def grey(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_pictures_become_images_of_their_names(segment, pictures: Path, tmp_path: Path) -> None:
    code, summary = segment(pictures, outputs='label,road_mask,confidence,overlay,video')
    assert (code, summary['segmented'], summary['problems']) == (0, 6, [])
    out = tmp_path / 'out'
    for number in range(6):
        image, road = street(number)
        assert (grey(out / f'label/street_{number}.png') == road).all()
        assert (grey(out / f'road_mask/street_{number}.png') == 255 * road).all()
        assert (grey(out / f'confidence/street_{number}.png') == image.max(2)).all()
        assert grey(out / f'overlay/street_{number}.jpg').shape == image.shape
    video = cv2.VideoCapture(str(out / 'overlay.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(15.0, abs=0.1)
    assert len(files(out)) == 4 * 6 + 1


def test_what_is_there_is_kept_and_what_is_missing_made(
    segment, pictures: Path, tmp_path: Path
) -> None:
    segment(pictures)
    before = files(tmp_path / 'out')
    (tmp_path / 'out/label/street_3.png').unlink()
    with (tmp_path / 'out/segment.jsonl').open('a') as journal:
        journal.write('{"file": "label/str')  # as a killed run leaves it
    code, summary = segment(pictures)
    assert (code, summary['segmented'], summary['kept']) == (0, 1, 5)
    code, summary = segment(pictures, outputs='label,road_mask')
    assert (code, summary['segmented'], summary['kept']) == (0, 6, 0)
    now = files(tmp_path / 'out')
    assert {name: data for name, data in now.items() if name.startswith('label')} == before


@pytest.mark.parametrize('stop', [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_is_taken_up(segment, tmp_path: Path, exact_model: str, stop: int) -> None:
    many = tmp_path / 'many'
    many.mkdir()
    data = cv2.imencode('.png', street(1)[0])[1].tobytes()
    for number in range(900):
        (many / f'{number:03}.png').write_bytes(data)
    out = tmp_path / 'out'
    words = [str(many), '--output', str(out), '--outputs', 'label', '--model', exact_model]
    process = subprocess.Popen(
        [sys.executable, '-m', 'roadseg_core.cli', 'segment', *words, '--precision', 'fp32'],
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')]),
        },
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background of a shell ignores SIGINT, and so do children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (out / 'label' / '010.png').is_file():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(stop)
    _, error = process.communicate(timeout=60)
    if stop == signal.SIGINT:
        assert process.returncode == 2
        assert 'stopped; what is finished is kept' in error
    found = len(files(out))
    code, summary = segment(many)
    assert code == 0
    assert summary['segmented'] + summary['kept'] == 900
    assert found - 1 <= summary['kept'] <= found
    assert set(files(out).values()) == {cv2.imencode('.png', street(1)[1])[1].tobytes()}


@pytest.mark.parametrize('name', ['label/street_2.png', 'overlay.mp4', 'segment.json'])
def test_files_of_others_are_never_replaced(
    segment, pictures: Path, tmp_path: Path, capsys, name: str
) -> None:
    other = tmp_path / 'out' / name
    other.parent.mkdir(parents=True)
    other.write_bytes(b'mine')
    code, _ = segment(pictures, outputs='label,video')
    assert code == 2
    assert 'is there and was not written by roadseg segment' in capsys.readouterr().err
    assert other.read_bytes() == b'mine'


def test_results_of_other_settings_are_replaced_only_when_asked(
    segment, pictures: Path, tmp_path: Path, capsys
) -> None:
    segment(pictures)
    edited = tmp_path / 'out/label/street_5.png'
    code, _ = segment(pictures, '--at', 'network')
    assert code == 2
    assert 'results of another output_geometry; choose another' in capsys.readouterr().err
    code, summary = segment(pictures, '--at', 'network', '--fresh')
    assert (code, summary['segmented'], summary['kept']) == (0, 6, 0)
    edited.write_bytes(b'corrected by hand')
    code, _ = segment(pictures, '--fresh')
    assert code == 2
    assert 'was changed since' in capsys.readouterr().err
    assert edited.read_bytes() == b'corrected by hand'


def test_another_source_is_not_taken_for_the_first(
    segment, pictures: Path, tmp_path: Path, capsys
) -> None:
    segment(pictures)
    pictures.rename(tmp_path / 'others')
    assert segment(tmp_path / 'others')[0] == 2
    assert 'holds results of another source; choose another folder' in capsys.readouterr().err
    cv2.imwrite(str(tmp_path / 'others/street_6.png'), street(6)[0])
    segment(tmp_path / 'others', output='new')
    (tmp_path / 'others/street_7.png').write_bytes((tmp_path / 'others/street_6.png').read_bytes())
    code, summary = segment(tmp_path / 'others', output='new')
    assert (code, summary['segmented'], summary['kept']) == (0, 1, 7)


def test_what_cannot_be_read_is_told_and_costs_nothing_else(
    segment, pictures: Path, capsys
) -> None:
    broken = pictures / 'street_2.png'
    broken.write_bytes(broken.read_bytes()[:100])
    (pictures / 'street_4.png').write_bytes(b'')
    code, summary = segment(pictures)
    assert (code, summary['segmented']) == (2, 4)
    assert [problem[:12] for problem in summary['problems']] == ['street_2.png', 'street_4.png']
    error = capsys.readouterr().err
    assert 'street_2.png: PNG of 100 bytes without its last chunk' in error
    cv2.imwrite(str(broken), street(2)[0])
    (pictures / 'street_4.png').unlink()
    code, summary = segment(pictures)
    assert (code, summary['segmented'], summary['kept']) == (0, 1, 4)


def test_a_bag_has_a_folder_for_each_camera(segment, street_bag, tmp_path: Path) -> None:
    bag = street_bag('drive', frames=3, cameras=('front', 'left'))
    code, summary = segment(bag, outputs='label,video')
    assert (code, summary['segmented']) == (0, 6)
    stamps = [FIRST_STAMP_NS + number * PERIOD_NS for number in range(3)]
    assert set(files(tmp_path / 'out')) == {
        f'{camera}/{name}'
        for camera in ('front', 'left')
        for name in (*(f'label/{stamp}.png' for stamp in stamps), 'overlay.mp4')
    }
    label = grey(tmp_path / f'out/left/label/{stamps[2]}.png')
    assert (label == street(2 + 4)[1]).all()


def test_a_part_of_a_video_is_named_by_frame(segment, tmp_path: Path) -> None:
    path = tmp_path / 'drive.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 10.0, (120, 80))
    for number in range(12):
        writer.write(street(number)[0])
    writer.release()
    code, _ = segment(path, '--start', '0.4', '--end', '1.0', '--every', '2')
    assert code == 0
    assert list(files(tmp_path / 'out')) == [f'label/00000{n}.png' for n in (4, 6, 8)]


def test_a_video_that_ends_early_is_told(segment, tmp_path: Path) -> None:
    path = tmp_path / 'drive.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10.0, (120, 80))
    for number in range(8):
        writer.write(cv2.resize(street(number % 6)[0], (120, 80)))
    writer.release()
    five_frames = path.read_bytes().split(b'00dc')[:6]
    path.write_bytes(b'00dc'.join(five_frames))
    code, summary = segment(path)
    read = summary['segmented']
    assert code == 2 and 0 < read < 8
    assert f'{8 - read} of 8 images cannot be read' in summary['problems'][0]
    assert segment(path, '--end', '0.2', output='part')[0] == 0


def test_several_sources_have_a_folder_each(
    segment, street_bag, pictures: Path, tmp_path: Path
) -> None:
    bag = street_bag('drive', frames=1)
    single = tmp_path / 'single.png'
    cv2.imwrite(str(single), street(0)[0])
    assert segment(bag, single, str(pictures / 'street_[12].png'), pictures)[0] == 0
    assert {Path(name).parts[0] for name in files(tmp_path / 'out')} == {
        'drive',
        'pictures',
        'pictures_2',
    }
    assert len(files(tmp_path / 'out')) == 1 + 3 + 6


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['missing.mp4'], 'does not exist; give a bag'),
        (['no_such_*.jpg'], 'matches no file'),
        (['PICTURES', '--every', '0'], '--every 0; expected 1 or more'),
        (['PICTURES', '--overlay-alpha', 'nan'], '--overlay-alpha nan; expected 0 to 1'),
        (['PICTURES', '--road-threshold', '0.5'], 'road_probability'),
        (['PICTURES', '--camera', 'front'], 'expected NAME=TOPIC'),
        (['PICTURES', '--outputs', 'labels'], '--outputs labels; expected some of label,'),
    ],
)
def test_what_cannot_be_done_is_refused(
    segment, pictures: Path, capsys, words: list[str], message: str
) -> None:
    code, _ = segment(*(str(pictures) if word == 'PICTURES' else word for word in words))
    assert code == 2
    assert message in capsys.readouterr().err


def test_a_file_is_no_folder_for_results(segment, pictures: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / 'out').write_text('mine')
    assert segment(pictures)[0] == 2
    assert 'out is a file; name a folder' in capsys.readouterr().err


def test_results_are_never_taken_for_pictures(segment, tmp_path: Path, capsys) -> None:
    (tmp_path / 'drive/a').mkdir(parents=True)
    cv2.imwrite(str(tmp_path / 'drive/a/0.png'), street(0)[0])
    within = {'output': 'drive/out', 'outputs': 'label,overlay'}
    assert segment(tmp_path / 'drive', **within)[0] == 0
    assert segment(tmp_path / 'drive', **within)[0] == 2
    assert 'would be among them' in capsys.readouterr().err


def test_two_runs_do_not_write_into_one_folder(
    segment, pictures: Path, tmp_path: Path, capsys
) -> None:
    (tmp_path / 'out').mkdir()
    with FileLock(tmp_path / 'out/.segment.lock'):
        assert segment(pictures)[0] == 2
    assert 'another roadseg segment is writing' in capsys.readouterr().err
