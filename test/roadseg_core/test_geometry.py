"""Camera pixels land where the geometry's matrix says, and come back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.geometry import MODES, Geometry, GeometryError, View

SIDES = st.integers(1, 90)


@st.composite
def views(draw: st.DrawFn) -> View:
    """Draw a view between any two sizes."""
    geometry = Geometry(draw(st.sampled_from(MODES)), (draw(SIDES), draw(SIDES)))
    return geometry.view((draw(SIDES), draw(SIDES)))


def coordinates(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Return where each network pixel's centre lies in the camera's image: x [W], y [H]."""
    inverse = np.linalg.inv(view.matrix())
    height, width = view.input_size
    return (
        inverse[0, 0] * np.arange(width) + inverse[0, 2],
        inverse[1, 1] * np.arange(height) + inverse[1, 2],
    )


@settings(max_examples=200, deadline=None)
@given(views())
def test_rectangles_lie_inside(view: View) -> None:
    for (x, y, width, height), size in (
        (view.source, view.camera_size),
        (view.target, view.input_size),
    ):
        assert x >= 0 and y >= 0 and width >= 1 and height >= 1
        assert x + width <= size[1] and y + height <= size[0]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(['letterbox', 'crop']),
    st.integers(20, 90),
    st.integers(20, 90),
    st.integers(20, 90),
    st.integers(20, 90),
)
def test_letterbox_and_crop_keep_the_aspect_ratio(
    mode: str,
    height: int,
    width: int,
    out_height: int,
    out_width: int,
) -> None:
    view = Geometry(mode, (out_height, out_width)).view((height, width))
    (_, _, source_width, source_height), (_, _, target_width, target_height) = (
        view.source,
        view.target,
    )
    # Each side is rounded to whole pixels.
    smallest = min(source_width, source_height, target_width, target_height)
    ratio = (target_width / source_width) / (target_height / source_height)
    assert abs(ratio - 1) <= 1.1 / smallest


@settings(max_examples=300, deadline=None)
@given(views())
def test_forward_puts_pixels_where_the_matrix_says(view: View) -> None:
    # On ramps, any interpolation that is right reads the value at the pixel's own place.
    height, width = view.camera_size
    ramps = np.zeros((height, width, 3), np.uint8)
    ramps[:, :, 0] = 2 * np.arange(width)
    ramps[:, :, 1] = 2 * np.arange(height)[:, None]
    found = view.forward(ramps).astype(float)
    columns, rows = coordinates(view)
    x, y, source_width, source_height = view.source
    u, v, target_width, target_height = view.target
    target = np.s_[v : v + target_height, u : u + target_width]
    # Beyond the outer centres the edge is repeated; averaging mixes that in up to a pixel inside.
    columns = np.clip(columns[u : u + target_width], x, x + source_width - 1)
    rows = np.clip(rows[v : v + target_height], y, y + source_height - 1)
    # Each time that a side is halved, the grey levels are rounded once more.
    halved = np.log2(max(1.0, source_width / target_width, source_height / target_height))
    atol = 1.01 + 0.5 * np.floor(halved)
    np.testing.assert_allclose(
        found[target][:, :, 0],
        np.broadcast_to(2 * columns, (target_height, target_width)),
        atol=atol,
    )
    np.testing.assert_allclose(
        found[target][:, :, 1],
        np.broadcast_to(2 * rows[:, None], (target_height, target_width)),
        atol=atol,
    )
    padding = np.ones(view.input_size, bool)
    padding[target] = False
    assert (found[padding] == 114).all()


@settings(max_examples=300, deadline=None)
@given(views())
def test_backward_takes_the_nearest_network_pixel(view: View) -> None:
    in_height, in_width = view.input_size
    column_ids = np.broadcast_to(np.arange(in_width, dtype=np.uint8), view.input_size)
    row_ids = np.broadcast_to(np.arange(in_height, dtype=np.uint8)[:, None], view.input_size)
    columns = view.backward(np.ascontiguousarray(column_ids), 255)
    rows = view.backward(np.ascontiguousarray(row_ids), 255)
    matrix = view.matrix()
    x, y, width, height = view.source
    inside = np.zeros(view.camera_size, bool)
    inside[y : y + height, x : x + width] = True
    ys, xs = np.nonzero(inside)
    assert (columns[~inside] == 255).all()
    # Half a pixel is the nearest; the rest is rounding in the resampler.
    assert np.abs(columns[ys, xs] - (matrix[0, 0] * xs + matrix[0, 2])).max() <= 0.502
    assert np.abs(rows[ys, xs] - (matrix[1, 1] * ys + matrix[1, 2])).max() <= 0.502


@settings(max_examples=100, deadline=None)
@given(views())
def test_smooth_backward_follows_the_matrix(view: View) -> None:
    _, in_width = view.input_size
    ramp = np.ascontiguousarray(
        np.broadcast_to(2 * np.arange(in_width, dtype=np.uint8), view.input_size)
    )
    found = view.backward(ramp, 0, smooth=True)
    matrix = view.matrix()
    x, y, width, height = view.source
    u, _, target_width, _ = view.target
    place = np.clip(matrix[0, 0] * np.arange(x, x + width) + matrix[0, 2], u, u + target_width - 1)
    np.testing.assert_allclose(
        found[y : y + height, x : x + width], np.broadcast_to(2 * place, (height, width)), atol=1.01
    )


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(MODES), SIDES, SIDES, st.integers(1, 4))
def test_whole_enlargements_come_back_exactly(
    mode: str,
    height: int,
    width: int,
    factor: int,
) -> None:
    """A camera that is a whole number of times smaller: each pixel returns as it was."""
    view = Geometry(mode, (height * factor, width * factor)).view((height, width))
    ids = np.random.default_rng(0).integers(0, 7, (height, width), np.uint8)
    enlarged = ids.repeat(factor, 0).repeat(factor, 1)
    np.testing.assert_array_equal(view.backward(enlarged, 255), ids)


@pytest.mark.parametrize('mode', MODES)
def test_same_size_changes_nothing(mode: str) -> None:
    view = Geometry(mode, (31, 47)).view((31, 47))
    image = np.random.default_rng(0).integers(0, 256, (31, 47, 3), np.uint8)
    np.testing.assert_array_equal(view.forward(image), image)
    np.testing.assert_array_equal(view.backward(image[:, :, 0].copy(), 255), image[:, :, 0])
    np.testing.assert_array_equal(view.matrix(), np.eye(3))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MODES), SIDES, SIDES, SIDES, SIDES, st.sampled_from((1, 2, 3, 8, 16)))
def test_a_reduced_image_shows_the_network_the_same_place(
    mode: str, height: int, width: int, input_height: int, input_width: int, times: int
) -> None:
    view = Geometry(mode, (input_height, input_width)).view((times * height, times * width))
    by = view.reduction()
    reduced = view.reduced(by)
    assert by in (1, 2, 4, 8)
    if by > 1:
        # Enough pixels are left, and each stands for whole ones of the camera.
        assert reduced.source[2] >= view.target[2]
        assert reduced.source[3] >= view.target[3]
        assert tuple(by * side for side in reduced.camera_size) == view.camera_size
        assert tuple(by * side for side in reduced.source) == view.source
    # Centres of pixels: number x of the reduced image lies at by * (x + 0.5) - 0.5.
    centre = np.array([[by, 0.0, (by - 1) / 2], [0.0, by, (by - 1) / 2], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(view.matrix() @ centre, reduced.matrix(), atol=1e-9)


def test_fine_stripes_do_not_alias() -> None:
    # Stripes finer than the network's pixels must come out grey, also where the other side grows.
    stripes = np.zeros((30, 90, 3), np.uint8)
    stripes[:, ::2] = 255
    for size in ((10, 15), (30, 30), (60, 30), (31, 20)):
        found = Geometry('stretch', size).view((30, 90)).forward(stripes)
        assert np.abs(found.astype(int) - 127).max() <= 60, size


def test_forward_fills_a_batch_in_place() -> None:
    view = Geometry('letterbox', (32, 48)).view((90, 160))
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    batch = np.zeros((2, 32, 48, 3), np.uint8)
    assert view.forward(image, batch[1]) is not None
    np.testing.assert_array_equal(batch[1], view.forward(image))
    assert (batch[0] == 0).all()


def test_forward_takes_padded_read_only_images() -> None:
    view = Geometry('crop', (32, 48)).view((90, 160))
    wide = np.random.default_rng(0).integers(0, 256, (90, 170, 3), np.uint8)
    wide.flags.writeable = False
    np.testing.assert_array_equal(view.forward(wide[:, :160]), view.forward(wide[:, :160].copy()))


def test_matrix_agrees_with_opencv_warp() -> None:
    view = Geometry('crop', (33, 57)).view((41, 83))
    image = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (41, 83, 3), np.uint8), (0, 0), 3
    )
    warped = cv2.warpAffine(image, view.matrix()[:2], (57, 33), flags=cv2.INTER_LINEAR)
    difference = np.abs(warped.astype(int) - view.forward(image))
    assert difference[2:-2, 2:-2].max() <= 3


@pytest.mark.parametrize(
    ('mode', 'size'),
    [('squeeze', (10, 10)), ('crop', (0, 10)), ('crop', (10,)), ('stretch', (10, -1))],
)
def test_impossible_geometries(mode: str, size: tuple[int, ...]) -> None:
    with pytest.raises(GeometryError, match='expected'):
        Geometry(mode, size)


def test_impossible_images() -> None:
    geometry = Geometry('stretch', (10, 20))
    with pytest.raises(GeometryError, match='expected at least 1x1'):
        geometry.view((0, 5))
    view = geometry.view((30, 40))
    with pytest.raises(GeometryError, match='40x30'):
        view.forward(np.zeros((40, 30, 3), np.uint8))
    with pytest.raises(GeometryError, match='input size'):
        view.backward(np.zeros((30, 40), np.uint8), 255)


def test_a_crop_may_keep_a_share_of_the_largest_rectangle() -> None:
    geometry = Geometry('crop', (320, 480), share=0.75)
    assert geometry.view((1024, 2048)).source == (448, 128, 1152, 768)
    assert Geometry.from_dict(geometry.to_dict()) == geometry
    assert 'share' not in Geometry('crop', (320, 480)).to_dict()
    for mode, share in (('crop', 0.0), ('crop', 1.5), ('stretch', 0.5)):
        with pytest.raises(GeometryError, match='share'):
            Geometry(mode, (320, 480), share=share)


@settings(max_examples=100, deadline=None)
@given(views())
def test_truth_goes_where_the_image_goes(view: View) -> None:
    labels = view.forward_labels(np.zeros(view.camera_size, np.uint8))
    u, v, width, height = view.target
    inside = np.zeros(view.input_size, bool)
    inside[v : v + height, u : u + width] = True
    assert (labels[inside] == 0).all() and (labels[~inside] == 255).all()


@settings(max_examples=100, deadline=None)
@given(views())
def test_inside_is_what_the_camera_gave(view: View) -> None:
    placed = view.forward(np.zeros((*view.camera_size, 3), np.uint8))
    assert not view.inside(placed).any()
    assert view.inside(placed).shape[:2] == view.target[3:1:-1]
    # All that is no padding: that is not black.
    assert np.count_nonzero(placed[..., 0] == 0) == view.inside(placed)[..., 0].size
