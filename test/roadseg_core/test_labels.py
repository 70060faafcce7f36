"""Label maps: what they refuse, paint and write."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.labels import (
    EIGHT,
    IGNORE,
    LABEL_MAPS,
    NOT_ROAD,
    SEVEN,
    TWO,
    LabelMap,
    LabelMapError,
    load_label_map,
)


@st.composite
def label_maps(draw: st.DrawFn) -> LabelMap:
    """Draw a valid label map."""
    names = draw(st.lists(st.text(max_size=5), min_size=2, max_size=12, unique=True))
    ids = draw(st.permutations(range(len(names))))
    road = draw(st.integers(1, len(names)))
    void = draw(st.integers(0, len(names) - road))
    colour = st.tuples(*[st.integers(0, 255)] * 3)
    return LabelMap(
        name=draw(st.text(max_size=5)),
        names=tuple(names),
        palette=tuple(draw(colour) for _ in names),
        road_ids=tuple(ids[:road]),
        void_ids=tuple(ids[road : road + void]),
    )


@given(label_maps())
def test_json_round_trip(label_map: LabelMap) -> None:
    text = label_map.to_json()
    assert '\n' not in text
    assert LabelMap.from_dict(json.loads(text)) == label_map


@given(label_maps())
def test_colours_and_road_of_every_id(label_map: LabelMap) -> None:
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    colours = label_map.colorize(labels).reshape(256, 3)
    road = label_map.road_mask(labels).ravel()
    assert colours.dtype == road.dtype == np.uint8
    for class_id in range(256):
        known = class_id < len(label_map.names)
        rgb = label_map.palette[class_id] if known else (0, 0, 0)
        assert tuple(colours[class_id]) == rgb[::-1]
        assert road[class_id] == (255 if class_id in label_map.road_ids else 0)
    assert sorted((*label_map.valid_ids, *label_map.void_ids)) == list(range(len(label_map.names)))


@pytest.mark.parametrize('size', [(1, 1), (1, 7), (5, 1)])
def test_label_images_of_any_size_have_a_road_mask_and_colours(size: tuple[int, int]) -> None:
    for label_map in (SEVEN, replace(SEVEN, road_ids=(2, 3))):
        labels = np.full(size, 2, np.uint8)
        np.testing.assert_array_equal(label_map.road_mask(labels), np.full(size, 255, np.uint8))
        assert label_map.colorize(labels).shape == (*size, 3)


def test_the_maps_of_the_project() -> None:
    assert LABEL_MAPS == {'seven': SEVEN, 'two': TWO, 'eight': EIGHT}
    assert SEVEN.names[SEVEN.road_ids[0]] == TWO.names[TWO.road_ids[0]] == 'road'
    assert SEVEN.valid_ids == (0, 1, 2, 3, 4, 5)
    assert TWO.valid_ids == (0, 1)
    assert SEVEN.road_mask(np.full((2, 2), IGNORE, np.uint8)).max() == 0


GOOD = {
    'name': 'mine',
    'names': ['ground', 'road'],
    'palette': [[1, 2, 3], [4, 5, 6]],
    'road_ids': [1],
    'void_ids': [],
}


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'names': ['road']}, 'has 1 classes'),
        ({'names': ['a'] * 2}, 'twice'),
        ({'names': [str(i) for i in range(256)]}, 'has 256 classes'),
        ({'names': 'ab'}, 'wrong type'),
        ({'names': [True, False]}, 'wrong type'),
        ({'names': None}, 'wrong type'),
        ({'palette': [[1, 2, 3]]}, '1 palette colours'),
        ({'palette': [[1, 2], [3, 4]]}, 'expected three values'),
        ({'palette': [[1, 2, 256], [4, 5, 6]]}, 'expected three values'),
        ({'palette': [[1, 2, 0.5], [4, 5, 6]]}, 'wrong type'),
        ({'palette': ['red', 'green']}, 'wrong type'),
        ({'road_ids': []}, 'no road ids'),
        ({'road_ids': [2]}, 'road id 2; expected 0 to 1'),
        ({'road_ids': ['road']}, 'wrong type'),
        ({'road_ids': 1}, "key 'road_ids' with .* wrong type"),
        ({'void_ids': [-1]}, 'void id -1'),
        ({'void_ids': [1]}, 'road and void'),
        ({'colours': []}, r"unknown keys \['colours'\]"),
    ],
)
def test_refusals(changes: dict, message: str) -> None:
    with pytest.raises(LabelMapError, match=message):
        LabelMap.from_dict({**GOOD, **changes})


def test_missing_keys_and_no_mapping() -> None:
    with pytest.raises(LabelMapError, match=r"missing keys \['palette'\]"):
        LabelMap.from_dict({key: GOOD[key] for key in GOOD if key != 'palette'})
    with pytest.raises(LabelMapError, match='found list'):
        LabelMap.from_dict([])
    assert LabelMap.from_dict({key: GOOD[key] for key in GOOD if key != 'void_ids'}).void_ids == ()


def test_reads_yaml(tmp_path: Path) -> None:
    path = tmp_path / 'map.yaml'
    path.write_text(
        'name: mine\nnames: [ground, road]\npalette: [[1, 2, 3], [4, 5, 6]]\nroad_ids: [1]\n',
        encoding='utf-8',
    )
    assert load_label_map(path) == LabelMap.from_dict(GOOD)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'names: [', 'no YAML'),
        (b'', 'found nothing'),
        (b'- 1', 'found list'),
        (b'name: \xff\xfe', 'cannot be read'),
        (b'name: x\nname: y', "'name' stands twice"),
        (b'name: x\nnames: [a, b]\npalette: [[0, 0, 0], [0, 0, 0]]\nroad_ids: [7]', 'road id 7'),
    ],
)
def test_refused_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / 'map.yaml'
    path.write_bytes(content)
    with pytest.raises(LabelMapError, match=f'map.yaml.*{message}'):
        load_label_map(path)


def test_road_of_truth_and_of_predictions() -> None:
    labels = np.array([[2, NOT_ROAD, IGNORE, 6, 0]], np.uint8)
    np.testing.assert_array_equal(SEVEN.road_truth(labels), [[1, 0, IGNORE, IGNORE, 0]])
    np.testing.assert_array_equal(SEVEN.road_called(labels), [[1, 0, IGNORE, 0, 0]])
