"""Which Fast DDS profile a process gets, and sets itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roadseg_ros.dds.profile import (
    PROFILE_VARIABLES,
    added_environment,
    images_problem,
    prepare_process,
    profile_in_use,
    segment_bytes,
)

SHIPPED = Path('/share/profile.xml')


@pytest.mark.parametrize(
    'environment',
    [
        {},
        {'RMW_IMPLEMENTATION': ''},
        {'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp'},
        {'RMW_IMPLEMENTATION': 'rmw_fastrtps_dynamic_cpp'},
    ],
)
def test_the_shipped_profile_is_loaded_on_fast_dds(environment: dict[str, str]):
    assert profile_in_use(environment, SHIPPED) == SHIPPED
    added = added_environment(environment, SHIPPED)
    assert added and set(added) <= set(PROFILE_VARIABLES)
    assert set(added.values()) == {str(SHIPPED)}


@pytest.mark.parametrize(
    ('distribution', 'variable'),
    [
        ('humble', PROFILE_VARIABLES[1]),
        ('jazzy', PROFILE_VARIABLES[1]),
        ('kilted', PROFILE_VARIABLES[0]),
        ('rolling', PROFILE_VARIABLES[0]),
    ],
)
def test_a_distribution_gets_only_the_variable_it_reads(distribution: str, variable: str):
    assert added_environment({'ROS_DISTRO': distribution}, SHIPPED) == {
        variable: str(SHIPPED),
    }


def test_another_middleware_gets_no_profile():
    environment = {'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp'}
    assert profile_in_use(environment, SHIPPED) is None
    assert added_environment(environment, SHIPPED) == {}


@pytest.mark.parametrize('name', PROFILE_VARIABLES)
def test_a_profile_of_the_users_own_stays(name: str):
    environment = {name: 'file:///home/me/own.xml'}
    assert profile_in_use(environment, SHIPPED) == Path('/home/me/own.xml')
    assert added_environment(environment, SHIPPED) == {}


@pytest.mark.parametrize(
    'environment',
    [
        {PROFILE_VARIABLES[0]: ''},
        {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'},
    ],
)
def test_no_profile_by_the_users_choice(environment: dict[str, str]):
    assert profile_in_use(environment, SHIPPED) is None
    assert added_environment(environment, SHIPPED) == {}


def test_a_process_sets_the_profile_unless_one_is_set(monkeypatch: pytest.MonkeyPatch):
    for name in (*PROFILE_VARIABLES, 'FASTDDS_BUILTIN_TRANSPORTS', 'RMW_IMPLEMENTATION'):
        monkeypatch.setenv(name, '')  # so that it is as it was after the test
        monkeypatch.delenv(name)
    monkeypatch.setenv('ROS_DISTRO', 'kilted')
    prepare_process()
    assert os.environ[PROFILE_VARIABLES[0]].endswith('config/fastdds_images.xml')
    monkeypatch.setenv(PROFILE_VARIABLES[0], '')
    prepare_process()
    assert os.environ[PROFILE_VARIABLES[0]] == ''
    assert images_problem(None, senders=1) is None
    monkeypatch.setenv(PROFILE_VARIABLES[0], '/nowhere/own.xml')
    assert 'own.xml cannot be read' in (images_problem(None, senders=1) or '')


def test_the_largest_segment_counts(tmp_path: Path):
    path = tmp_path / 'profile.xml'
    path.write_text(
        '<dds xmlns="http://x"><t><segment_size>100</segment_size></t>'
        '<t><segment_size> 300 </segment_size></t></dds>',
        encoding='utf-8',
    )
    assert segment_bytes(path) == 300


def test_a_profile_without_shared_memory_has_no_segment(tmp_path: Path):
    path = tmp_path / 'profile.xml'
    path.write_text('<dds/>', encoding='utf-8')
    assert segment_bytes(path) == 0


@pytest.mark.parametrize('text', ['<dds>', None])
def test_an_unreadable_profile_is_named(tmp_path: Path, text: str | None):
    path = tmp_path / 'profile.xml'
    if text is not None:
        path.write_text(text, encoding='utf-8')
    with pytest.raises(ValueError, match='profile.xml cannot be read'):
        segment_bytes(path)
