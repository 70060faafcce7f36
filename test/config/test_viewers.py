"""The layouts for RViz and Foxglove: four cameras, their overlays, the grid and the edges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from roadseg_ros.node import camera

CONFIG = Path(__file__).parents[2] / 'config'
CAMERAS = ('front', 'left', 'right', 'rear')
TYPES = {f'/segmentation/{name}': kind.__name__ for name, kind in camera.FUSED_OUTPUTS.items()} | {
    f'/segmentation/{name}/{output}': kind.__name__
    for name in CAMERAS
    for output, kind in camera.OUTPUTS.items()
}
SHOWN = {'Image': 4, 'Map': 1, 'PointCloud2': 4}


def test_rviz_shows_topics_of_the_node():
    document = yaml.safe_load((CONFIG / 'rviz' / 'seg.rviz').read_text(encoding='utf-8'))
    manager = document['Visualization Manager']
    found = dict.fromkeys(SHOWN, 0)
    for display in manager['Displays']:
        package, _, kind = display['Class'].partition('/')
        assert package == 'rviz_default_plugins' and display['Enabled'] is True
        if 'Topic' in display:
            found[kind] += 1
            topic = display['Topic']
            assert TYPES[topic['Value']] == {'Map': 'OccupancyGrid'}.get(kind, kind)
            # RViz shows nothing of a topic that is not latched where it asks for a latched one.
            assert topic['Durability Policy'] == 'Volatile'
    assert found == SHOWN
    assert manager['Global Options']['Fixed Frame'] == 'base_link'


def panels(layout: dict | str) -> Iterator[str]:
    if isinstance(layout, str):
        yield layout
    else:
        for part in ('first', 'second'):
            yield from panels(layout[part])


def test_foxglove_shows_topics_of_the_node():
    document = json.loads((CONFIG / 'foxglove' / 'seg.json').read_text(encoding='utf-8'))
    shown = document['configById']
    assert sorted(panels(document['layout'])) == sorted(shown)
    images = [values['imageMode'] for name, values in shown.items() if name.startswith('Image!')]
    assert len(images) == 4
    for image in images:
        # Compressed: Foxglove sits at the other end of a wireless link.
        assert TYPES[image['imageTopic']] == 'CompressedImage'
        assert TYPES[image['calibrationTopic']] == 'CameraInfo'
    (ground,) = (values for name, values in shown.items() if name.startswith('3D!'))
    kinds = sorted(TYPES[topic] for topic in ground['topics'])
    assert kinds == ['OccupancyGrid', *['PointCloud2'] * 4]
    assert all(topic['visible'] for topic in ground['topics'].values())
    assert ground['followTf'] == 'base_link'
