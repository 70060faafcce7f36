"""seg.launch.py under launch itself."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from types import ModuleType

import pytest

# Not a bare `launch`: without ROS that name finds this project's own folder.
pytest.importorskip('launch.actions', reason='launch is not installed')
pytest.importorskip('launch_ros.actions', reason='launch_ros is not installed')

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import TextSubstitution
from launch.utilities import perform_substitutions
from launch_ros.actions import Node

from launch import LaunchContext

PROJECT = Path(__file__).parents[2]

# launch makes every later logger one of its own, whose messages pytest's caplog never sees.
logging.setLoggerClass(logging.Logger)


@pytest.fixture
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        'seg_launch', PROJECT / 'launch' / 'seg.launch.py'
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LaunchContext:
    """Return a context in which the package is installed."""
    marker = tmp_path / 'share/ament_index/resource_index/packages/roadseg_ros'
    marker.parent.mkdir(parents=True)
    marker.touch()
    share = tmp_path / 'share/roadseg_ros'
    share.mkdir()
    for folder in ('config', 'models'):
        (share / folder).symlink_to(PROJECT / folder)
    executable = tmp_path / 'lib/roadseg_ros/segmentation_node'
    executable.parent.mkdir(parents=True)
    executable.touch(mode=0o755)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    return LaunchContext()


def start(module: ModuleType, context: LaunchContext, **arguments: str) -> Node:
    """Return the node action of seg.launch.py with these launch arguments."""
    description = module.generate_launch_description()
    context.launch_configurations.update(arguments)
    nodes: list[Node] = []
    for entity in description.entities:
        nodes.extend(entity.visit(context) or [])
    (node,) = nodes
    assert isinstance(node, Node)
    return node


def command_line(node: Node, context: LaunchContext) -> list[str]:
    node._perform_substitutions(context)  # as launch_ros's own tests do: there is no other way
    return [
        perform_substitutions(context, part)
        for part in node.cmd
        if isinstance(part[0], TextSubstitution)
    ]


def test_every_argument_is_declared_and_described(module: ModuleType):
    entities = module.generate_launch_description().entities
    arguments = [entity for entity in entities if isinstance(entity, DeclareLaunchArgument)]
    assert [argument.name for argument in arguments] == list(module.ARGUMENTS)
    assert all(argument.description for argument in arguments)
    assert [type(entity) for entity in entities[len(arguments) :]] == [OpaqueFunction]


def test_by_default_the_node_gets_the_shipped_parameters_alone(
    module: ModuleType, context: LaunchContext
):
    node = start(module, context)
    line = command_line(node, context)
    assert line.count('--params-file') == 1
    assert line[line.index('--params-file') + 1].endswith('share/roadseg_ros/config/seg.yaml')
    assert node.node_name == '/segmentation'


def test_arguments_come_after_the_file_and_win(module: ModuleType, context: LaunchContext):
    node = start(module, context, fps='10', cameras='front,left', name='eyes', namespace='car')
    line = command_line(node, context)
    files = [line[i + 1] for i, part in enumerate(line) if part == '--params-file']
    assert len(files) == 2
    overrides = Path(files[1]).read_text(encoding='utf-8')
    assert '/car/eyes:' in overrides
    assert 'fps: 10.0' in overrides
    assert '- left' in overrides


def test_a_scenario_gives_cameras_rate_and_model(module: ModuleType, context: LaunchContext):
    line = command_line(start(module, context, scenario='parking'), context)
    overrides = Path(line[len(line) - line[::-1].index('--params-file')]).read_text(
        encoding='utf-8'
    )
    assert 'fps: 15.0' in overrides
    assert all(f'- {camera}' in overrides for camera in ('front', 'left', 'right', 'rear'))
    assert 'share/roadseg_ros/models/mobilenet_fcn_0.5.onnx' in overrides
    assert 'label_map: seven' in overrides


@pytest.mark.parametrize(('name', 'value'), [('fps', 'fast'), ('log_level', 'loud')])
def test_a_wrong_argument_is_named(
    module: ModuleType, context: LaunchContext, name: str, value: str
):
    with pytest.raises(ValueError, match=f'{name}:='):
        start(module, context, **{name: value})


def test_an_unknown_argument_of_the_command_line_is_named(
    module: ModuleType, context: LaunchContext, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr('sys.argv', ['ros2', 'launch', 'roadseg_ros', 'seg.launch.py', 'fsp:=1'])
    with pytest.raises(ValueError, match="no launch argument 'fsp'; did you mean fps"):
        start(module, context)
