"""The layers for nav2's costmap: keys that nav2 takes, and topics that the node has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from roadseg_ros.node import camera

PATH = Path(__file__).parents[2] / 'config' / 'nav2_costmap.yaml'
CAMERAS = ['front', 'left', 'right', 'rear']

# Parameters of nav2_costmap_2d and their types, as the sources of its branches humble, jazzy,
# kilted and lyrical declare them: a parameter of another type stops nav2.
COSTMAP = {
    **dict.fromkeys(('global_frame', 'robot_base_frame'), str),
    **dict.fromkeys(('rolling_window', 'track_unknown_space', 'trinary_costmap'), bool),
    **dict.fromkeys(('width', 'height', 'lethal_cost_threshold'), int),
    **dict.fromkeys(('resolution', 'update_frequency', 'publish_frequency'), float),
    'plugins': list,
}
STATIC = {
    **dict.fromkeys(('plugin', 'map_topic'), str),
    **dict.fromkeys(('enabled', 'map_subscribe_transient_local', 'subscribe_to_updates'), bool),
    'footprint_clearing_enabled': bool,
}
OBSTACLE = {
    **dict.fromkeys(('plugin', 'observation_sources'), str),
    **dict.fromkeys(('enabled', 'footprint_clearing_enabled'), bool),
    **dict.fromkeys(('min_obstacle_height', 'max_obstacle_height'), float),
    'combination_method': int,
}
SOURCE = {
    **dict.fromkeys(('topic', 'data_type', 'sensor_frame'), str),
    **dict.fromkeys(('marking', 'clearing', 'inf_is_valid'), bool),
    **dict.fromkeys(('expected_update_rate', 'observation_persistence'), float),
    **dict.fromkeys(('min_obstacle_height', 'max_obstacle_height'), float),
    **dict.fromkeys(('obstacle_min_range', 'obstacle_max_range'), float),
    **dict.fromkeys(('raytrace_min_range', 'raytrace_max_range'), float),
}
INFLATION = {
    'plugin': str,
    **dict.fromkeys(('enabled', 'inflate_unknown', 'inflate_around_unknown'), bool),
    **dict.fromkeys(('cost_scaling_factor', 'inflation_radius'), float),
}


@pytest.fixture(scope='module')
def costmap() -> dict:
    document = yaml.safe_load(PATH.read_text(encoding='utf-8'))
    return document['local_costmap']['local_costmap']['ros__parameters']


def held(values: dict, known: dict[str, type], parts: tuple[str, ...] = ()) -> None:
    """Check names and types, but for the sections named."""
    found = {name: type(value) for name, value in values.items() if name not in parts}
    assert found == {name: known.get(name) for name in found}


def test_nav2_takes_every_key_in_its_type(costmap):
    layers = tuple(costmap['plugins'])
    held(costmap, COSTMAP, layers)
    grid, edge, inflation = (costmap[name] for name in layers)
    held(grid, STATIC)
    held(edge, OBSTACLE, tuple(CAMERAS))
    held(inflation, INFLATION)
    for name in CAMERAS:
        held(edge[name], SOURCE)
    assert [layer['plugin'] for layer in (grid, edge, inflation)] == [
        f'nav2_costmap_2d::{name}Layer' for name in ('Static', 'Obstacle', 'Inflation')
    ]


def test_ros_reads_no_yaml_aliases():
    tokens = yaml.scan(PATH.read_text(encoding='utf-8'))
    assert not [t for t in tokens if isinstance(t, (yaml.AliasToken, yaml.AnchorToken))]


def test_the_layers_listen_to_what_the_node_publishes(costmap):
    grid, edge, _ = (costmap[name] for name in costmap['plugins'])
    prefix, _, output = grid['map_topic'].rpartition('/')
    assert prefix == '/segmentation'
    assert camera.FUSED_OUTPUTS[output].__name__ == 'OccupancyGrid'
    # nav2 asks for latched maps unless told otherwise, and gets nothing of a topic that is not.
    assert not grid['map_subscribe_transient_local']
    assert camera.output_qos().durability.name != 'TRANSIENT_LOCAL'
    assert edge['observation_sources'].split() == CAMERAS
    for name in CAMERAS:
        prefix, _, output = edge[name]['topic'].rpartition('/')
        assert prefix == f'/segmentation/{name}'
        assert camera.OUTPUTS[output].__name__ == edge[name]['data_type'] == 'PointCloud2'


def test_what_no_camera_sees_is_not_free(costmap):
    assert costmap['track_unknown_space'] and not costmap['inflation']['inflate_unknown']
