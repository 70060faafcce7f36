"""Camera names out of parameter files of ROS."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_ros.launching.params_file import cameras_in_file


def write(folder: Path, text: str) -> Path:
    path = folder / 'params.yaml'
    path.write_text(text, encoding='utf-8')
    return path


@pytest.mark.parametrize(
    'text',
    [
        '/**: {ros__parameters: {camera_names: [front, left]}}',
        'segmentation: {ros__parameters: {camera_names: [front, left]}}',
        '/car/segmentation: {ros__parameters: {camera_names: [front, left]}}',
        'car: {segmentation: {ros__parameters: {camera_names: [front, left]}}}',
        '/**: {ros__parameters: {camera_names: [x]}}\n'
        'segmentation: {ros__parameters: {camera_names: [front, left]}}',
    ],
)
def test_cameras_of_a_parameter_file(tmp_path: Path, text: str):
    assert cameras_in_file(write(tmp_path, text), 'segmentation') == ['front', 'left']


def test_a_file_without_cameras(tmp_path: Path):
    path = write(tmp_path, 'other: {ros__parameters: {camera_names: [front]}}')
    assert cameras_in_file(path, 'segmentation') == []


@pytest.mark.parametrize(('text', 'message'), [('a: [', 'not YAML'), ('', 'no parameters')])
def test_a_bad_parameter_file(tmp_path: Path, text: str, message: str):
    with pytest.raises(ValueError, match=message):
        cameras_in_file(write(tmp_path, text), 'segmentation')


def test_a_missing_parameter_file(tmp_path: Path):
    with pytest.raises(ValueError, match='does not exist'):
        cameras_in_file(tmp_path / 'none.yaml', 'segmentation')
