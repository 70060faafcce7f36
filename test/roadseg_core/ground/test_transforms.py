"""The tree of frames: any way through it, and what stops, jumps or loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.ground.transforms import FrameTree, TransformError, transform_matrix

NUMBERS = st.floats(-5.0, 5.0)
QUATERNIONS = (
    st.tuples(*[st.floats(-1.0, 1.0)] * 4)
    .filter(lambda q: np.linalg.norm(q) > 0.1)
    .map(lambda q: tuple(np.array(q) / np.linalg.norm(q)))
)
MATRICES = st.builds(transform_matrix, st.tuples(NUMBERS, NUMBERS, NUMBERS), QUATERNIONS)
STEP = transform_matrix((1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


@given(st.data(), st.lists(MATRICES, min_size=1, max_size=6))
def test_every_way_is_the_product_of_its_links(data, matrices):
    tree, to_root = FrameTree(), {'root': np.eye(4)}
    for number, matrix in enumerate(matrices):
        parent = data.draw(st.sampled_from(sorted(to_root)))
        tree.put(parent, f'/f{number}', matrix, static=True, stamp=0.0, now=0.0)
        to_root[f'f{number}'] = to_root[parent] @ matrix
    base, frame = (data.draw(st.sampled_from(sorted(to_root))) for _ in range(2))
    found = tree.lookup(base, frame, now=100.0)
    np.testing.assert_allclose(to_root[base] @ found, to_root[frame], atol=1e-6)
    np.testing.assert_allclose(found @ tree.lookup(frame, base, now=100.0), np.eye(4), atol=1e-6)


@given(QUATERNIONS)
def test_a_quaternion_becomes_a_rotation_that_turns_as_it_does(quaternion):
    matrix = transform_matrix((1.0, 2.0, 3.0), quaternion)
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)
    np.testing.assert_allclose(matrix[:3, :3] @ quaternion[:3], quaternion[:3], atol=1e-9)
    assert matrix[:3, 3].tolist() == [1.0, 2.0, 3.0]


def test_a_quarter_turn_to_the_left():
    half = math.sqrt(0.5)
    matrix = transform_matrix((0.0, 0.0, 0.0), (0.0, 0.0, half, half))
    np.testing.assert_allclose(matrix @ [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], atol=1e-12)


@pytest.mark.parametrize(
    ('translation', 'quaternion'),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, math.nan)),
        ((math.inf, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)),
        ((0.0, 0.0, 0.0), (3.0, 0.0, 0.0, 1.0)),
    ],
)
def test_what_is_no_transform_is_refused(translation, quaternion):
    with pytest.raises(TransformError, match='quaternion of length 1'):
        transform_matrix(translation, quaternion)


def test_frames_that_do_not_hang_together_are_named():
    tree = FrameTree()
    tree.put('base_link', 'mount', STEP, static=True, stamp=0.0, now=0.0)
    with pytest.raises(TransformError, match='eye hangs from eye, base_link from base_link'):
        tree.lookup('base_link', 'eye', now=0.0)


def test_a_loop_is_named_and_never_walked_for_ever():
    tree = FrameTree()
    for parent, child in (('a', 'b'), ('b', 'c'), ('c', 'a')):
        tree.put(parent, child, STEP, static=True, stamp=0.0, now=0.0)
    with pytest.raises(TransformError, match='tf loops: c -> b -> a -> c'):
        tree.lookup('base_link', 'c', now=10.0)


def moving_tree() -> FrameTree:
    tree = FrameTree(timeout=1.0, settling=1.0)
    tree.put('base_link', 'mast', STEP, static=True, stamp=0.0, now=0.0)
    tree.put('mast', 'head', STEP, static=False, stamp=10.0, now=0.0)
    return tree


def test_a_link_that_stops_is_named_and_comes_back():
    tree = moving_tree()
    assert tree.lookup('base_link', 'head', now=0.9)[0, 3] == 2.0
    with pytest.raises(TransformError, match='mast -> head stopped: nothing came for 1.5 s'):
        tree.lookup('base_link', 'head', now=1.5)
    assert tree.lookup('base_link', 'mast', now=1e6)[0, 3] == 1.0, 'static links never stop'
    tree.put('mast', 'head', STEP, static=False, stamp=11.6, now=1.6)
    assert tree.lookup('base_link', 'head', now=1.6)[0, 3] == 2.0


FAR = transform_matrix((2.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
TURNED = transform_matrix((1.0, 0.0, 0.0), (0.0, math.sin(0.3), 0.0, math.cos(0.3)))


@pytest.mark.parametrize(
    ('parent', 'matrix', 'stamp', 'said'),
    [
        ('mast', FAR, 10.1, 'it moved 1.00 m'),
        ('mast', TURNED, 10.1, '34 degrees at once'),
        ('mast', STEP, 3.0, 'its stamp went back by 7.0 s'),
        ('base_link', STEP, 10.1, 'its parent was mast'),
    ],
)
def test_a_link_that_jumps_is_out_until_it_has_settled(parent, matrix, stamp, said):
    tree = moving_tree()
    tree.put(parent, 'head', matrix, static=False, stamp=stamp, now=0.1)
    tree.put(parent, 'head', matrix, static=False, stamp=stamp + 0.4, now=0.5)
    with pytest.raises(TransformError, match=f'head jumped 0.5 s ago: .*{said}'):
        tree.lookup('base_link', 'head', now=0.6)
    np.testing.assert_allclose(tree.lookup(parent, 'head', now=1.2), matrix)


def test_a_message_that_was_overtaken_changes_nothing():
    tree = moving_tree()
    tree.put('mast', 'head', FAR, static=False, stamp=9.9, now=0.1)
    assert tree.lookup('base_link', 'head', now=0.2)[0, 3] == 2.0
