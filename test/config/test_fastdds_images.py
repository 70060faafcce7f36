"""The shipped Fast DDS profile."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from roadseg_ros.dds.profile import segment_bytes

PROFILE = Path(__file__).parents[2] / 'config' / 'fastdds_images.xml'
NAMESPACE = {'': 'http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles'}
MIB = 1 << 20


def texts(root: ElementTree.Element, path: str) -> list[str]:
    return [(element.text or '').strip() for element in root.findall(path, NAMESPACE)]


@pytest.fixture(scope='module')
def root() -> ElementTree.Element:
    root = ElementTree.parse(PROFILE).getroot()
    # The one namespace and root element that Fast DDS 2 and 3 both read.
    assert root.tag == '{http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles}dds'
    return root


def test_the_default_participant_uses_only_our_transports(root: ElementTree.Element):
    participants = root.findall('profiles/participant', NAMESPACE)
    assert [participant.get('is_default_profile') for participant in participants] == ['true']
    rtps = 'profiles/participant/rtps'
    assert texts(root, f'{rtps}/useBuiltinTransports') == ['false']
    used = texts(root, f'{rtps}/userTransports/transport_id')
    described = 'profiles/transport_descriptors/transport_descriptor'
    assert used == texts(root, f'{described}/transport_id')
    assert texts(root, f'{described}/type') == ['SHM', 'UDPv4']


def test_a_message_fits_its_segment_and_a_large_image_a_message(root: ElementTree.Element):
    (message,) = texts(root, './/maxMessageSize')
    assert 3840 * 2160 * 3 < int(message) == 64 * MIB < segment_bytes(PROFILE) == 128 * MIB
    assert texts(root, './/port_queue_capacity') == ['1024']
