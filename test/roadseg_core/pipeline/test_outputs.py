"""Published images line up with the camera and say nothing where the network saw nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.geometry import Geometry, View
from roadseg_core.labels import IGNORE, SEVEN, TWO
from roadseg_core.pipeline import outputs

STRETCH = Geometry('stretch', (32, 48)).view((90, 160))
LETTERBOX = Geometry('letterbox', (32, 48)).view((90, 160))
CROP = Geometry('crop', (32, 48)).view((90, 160))


def network_images(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of SEVEN in blocks, and a smooth probability, at the network's size."""
    generator = np.random.default_rng(3)
    height, width = view.input_size
    blocks = generator.integers(0, 7, (4, 6), np.uint8)
    labels = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)
    noise = generator.integers(0, 256, (4, 6), np.uint8)
    return labels, cv2.resize(noise, (width, height))


@pytest.mark.parametrize('view', [STRETCH, LETTERBOX, CROP])
@pytest.mark.parametrize('output_geometry', outputs.OUTPUT_GEOMETRIES)
def test_mask_is_the_road_of_the_labels(view: View, output_geometry: str) -> None:
    labels, _ = network_images(view)
    image = outputs.label_image(labels, view, output_geometry)
    mask = outputs.road_mask(
        SEVEN, image, None, threshold=0.0, view=view, output_geometry=output_geometry
    )
    size = view.camera_size if output_geometry == 'camera' else view.input_size
    assert image.shape == mask.shape == size
    assert image.dtype == mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, (image == 2) * np.uint8(255))


def test_outside_a_crop_nothing_is_known() -> None:
    full = np.full(CROP.input_size, 255, np.uint8)
    x, y, width, height = CROP.source
    outside = np.ones(CROP.camera_size, bool)
    outside[y : y + height, x : x + width] = False
    assert outside.any()
    labels = outputs.label_image(np.ones_like(full), CROP, 'camera')
    confidence = outputs.confidence_image(full, CROP, 'camera')
    masks = [
        outputs.road_mask(
            TWO, labels, full, threshold=threshold, view=CROP, output_geometry='camera'
        )
        for threshold in (0.0, 0.001, 1.0)
    ]
    for image, value, inside in (
        (labels, IGNORE, 1),
        (confidence, 0, 255),
        *((mask, 0, 255) for mask in masks),
    ):
        assert (image[outside] == value).all()
        assert (image[~outside] == inside).all()


def test_padding_of_a_letterbox_is_unlabeled_in_network_geometry() -> None:
    ones = np.ones(LETTERBOX.input_size, np.uint8)
    u, v, width, height = LETTERBOX.target
    padding = np.ones(LETTERBOX.input_size, bool)
    padding[v : v + height, u : u + width] = False
    assert padding.any()
    assert (outputs.label_image(ones, LETTERBOX, 'network')[padding] == IGNORE).all()
    assert (outputs.confidence_image(ones, LETTERBOX, 'network')[padding] == 0).all()
    assert (ones == 1).all()


@settings(max_examples=100, deadline=None)
@given(threshold=st.integers(1, 100).map(lambda percent: percent / 100))
def test_threshold_counts_probabilities_from_it_on(threshold: float) -> None:
    view = Geometry('stretch', (16, 16)).view((16, 16))
    probability = np.arange(256, dtype=np.uint8).reshape(16, 16)
    mask = outputs.road_mask(
        TWO, None, probability, threshold=threshold, view=view, output_geometry='network'
    )
    # In hundredths, exactly: p / 255 >= percent / 100.
    expected = probability.astype(int) * 100 >= round(threshold * 100) * 255
    np.testing.assert_array_equal(mask, expected * np.uint8(255))


def test_probability_is_scaled_up_before_the_threshold() -> None:
    view = Geometry('stretch', (2, 4)).view((16, 32))
    probability = np.array([[0, 80, 160, 240]] * 2, np.uint8)
    mask = outputs.road_mask(
        TWO, None, probability, threshold=0.5, view=view, output_geometry='camera'
    )
    # 128 lies 0.6 of the way from the centre of column 1 (x 11.5) to that of column 2 (19.5).
    assert (mask[:, :16] == 0).all()
    assert (mask[:, 17:] == 255).all()


@pytest.mark.parametrize(
    ('labels', 'probability', 'threshold', 'message'),
    [
        (None, None, 0.0, 'needs labels'),
        (None, None, 0.5, 'needs road_probability'),
        (None, None, 1.5, 'expected 0.0 to 1.0'),
        (None, None, float('nan'), 'expected 0.0'),
    ],
)
def test_mask_without_what_it_needs(
    labels: None,
    probability: None,
    threshold: float,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        outputs.road_mask(
            TWO, labels, probability, threshold=threshold, view=CROP, output_geometry='camera'
        )


def test_unknown_output_geometry() -> None:
    with pytest.raises(ValueError, match="'sideways'; expected one of"):
        outputs.label_image(np.zeros(CROP.input_size, np.uint8), CROP, 'sideways')


@pytest.fixture
def image() -> np.ndarray:
    """Return a read-only BGR camera image with padded rows, as a message's view is."""
    wide = np.random.default_rng(5).integers(0, 256, (90, 170, 3), np.uint8)
    wide.flags.writeable = False
    return wide[:, :160]


def test_palette_overlay_blends_classes_only(image: np.ndarray) -> None:
    labels = np.repeat(np.array([0, 1, 2, 6, 77, IGNORE], np.uint8), 27)[None, :160]
    labels = np.ascontiguousarray(np.repeat(labels, 90, 0))
    before = image.copy()
    found = outputs.overlay(image, SEVEN, labels, None, alpha=0.25, mode='palette')
    painted = labels < 6
    blend = 0.75 * image + 0.25 * SEVEN.colorize(labels).astype(float)
    np.testing.assert_allclose(found[painted], blend[painted], atol=0.51)
    # Void, no class of the map, unlabeled: as the camera has it.
    np.testing.assert_array_equal(found[~painted], image[~painted])
    np.testing.assert_array_equal(image, before)


def test_road_overlay_tints_the_road_and_outlines_it(image: np.ndarray) -> None:
    mask = np.zeros((90, 160), np.uint8)
    mask[40:, 20:100] = 255
    before = image.copy()
    found = outputs.overlay(image, SEVEN, None, mask, alpha=0.5, mode='road')
    np.testing.assert_array_equal(found[mask == 0], image[mask == 0])
    inner = np.s_[45:90, 25:95]
    tinted = 0.5 * image[inner] + 0.5 * np.array((0, 255, 0))
    np.testing.assert_allclose(found[inner], tinted, atol=0.51)
    # The outline follows the road's edge, but not the edge of the image.
    assert (found[40, 20:100] == (0, 255, 255)).all()
    assert (found[40:, 20] == (0, 255, 255)).all()
    assert not (found[89, 30:90] == (0, 255, 255)).all(axis=1).all()
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize('mode', outputs.OVERLAY_MODES)
@pytest.mark.parametrize('alpha', [0.0, 1.0])
def test_overlay_at_both_ends_of_alpha(image: np.ndarray, mode: str, alpha: float) -> None:
    labels = np.full((90, 160), 2, np.uint8)
    found = outputs.overlay(image, SEVEN, labels, SEVEN.road_mask(labels), alpha=alpha, mode=mode)
    expected = image if alpha == 0.0 else np.broadcast_to((0, 255, 0), image.shape)
    np.testing.assert_array_equal(found, expected)
    assert not np.shares_memory(found, image)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'mode': 'pretty'}, "'pretty'; expected one of"),
        ({'alpha': 1.1}, 'alpha 1.1; expected'),
        ({'labels': None}, 'labels of None'),
        ({'mode': 'road'}, 'road_mask of None'),
        ({'labels': np.zeros((9, 9), np.uint8)}, r'shape \(9, 9\); expected shape \(90, 160\)'),
    ],
)
def test_overlay_refusals(image: np.ndarray, changes: dict, message: str) -> None:
    good = {
        'labels': np.zeros((90, 160), np.uint8),
        'road_mask': None,
        'alpha': 0.5,
        'mode': 'palette',
    }
    with pytest.raises(ValueError, match=message):
        outputs.overlay(image, SEVEN, **{**good, **changes})


@pytest.mark.parametrize('view', [STRETCH, LETTERBOX, CROP])
def test_scaled_matrices_project_onto_the_scaled_pixels(view: View) -> None:
    k = np.array([[100.0, 0, 79.5], [0, 110, 44.5], [0, 0, 1]])
    p = np.hstack([k, [[-30.0], [0], [0]]])
    new_k, new_p = outputs.scale_camera_matrices(k.ravel(), p.ravel(), view.matrix())
    assert new_k.shape == (3, 3) and new_p.shape == (3, 4)
    for point in np.random.default_rng(1).uniform((-1, -1, 4), (1, 1, 9), (20, 3)):
        for old, new, place in ((k, new_k, point), (p, new_p, np.append(point, 1.0))):
            pixel, scaled = old @ place, new @ place
            expected = view.matrix() @ (pixel / pixel[2])
            np.testing.assert_allclose(scaled / scaled[2], expected)
    # The camera's middle stays the middle of where its pixels went.
    x, y, width, height = view.source
    u, v, out_width, out_height = view.target
    centre = view.matrix() @ (x + (width - 1) / 2, y + (height - 1) / 2, 1)
    np.testing.assert_allclose(centre, (u + (out_width - 1) / 2, v + (out_height - 1) / 2, 1))
