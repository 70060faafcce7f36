"""Tests of the augmentation."""

from __future__ import annotations

import numpy as np

from roadseg_core.geometry import Geometry
from roadseg_core.labels import IGNORE
from roadseg_core.training.augmentation import augment
from roadseg_core.training.config import Augmentation
from roadseg_core.training.placement import Placement


def stretched(*size: int) -> Placement:
    """Return the placement of whole frames, stretched to a size."""
    return Placement(Geometry('stretch', size))


def test_no_augmentation_changes_the_size_only() -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    labels = image[..., 0] % 7
    same, same_labels = augment(
        image,
        labels,
        placement=stretched(12, 16),
        augmentation=Augmentation(),
        rng=np.random.default_rng(1),
    )
    assert np.array_equal(same, image) and np.array_equal(same_labels, labels)


def test_labels_move_with_the_image() -> None:
    ramp = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None], 80, 0)
    image = np.repeat(ramp[..., None], 3, 2)
    for seed in range(20):
        changed, labels = augment(
            image,
            ramp,
            placement=stretched(40, 60),
            augmentation=Augmentation(flip=0.5, crop=1.0),
            rng=np.random.default_rng(seed),
        )
        assert np.abs(changed[..., 0].astype(int) - labels).max() <= 4
        assert set(np.unique(labels)) <= set(np.unique(ramp))


def test_light_changes_the_image_and_no_label() -> None:
    image = np.full((8, 8, 3), 90, np.uint8)
    labels = np.arange(64, dtype=np.uint8).reshape(8, 8) % 7
    strong = Augmentation(
        gamma=0.5, gain=0.5, tint=0.3, offset=20.0, saturation=0.5, noise=9.0, blur=1.0
    )
    changed, same = augment(
        image, labels, placement=stretched(8, 8), augmentation=strong, rng=np.random.default_rng(2)
    )
    assert (changed != image).any() and changed.dtype == np.uint8
    assert np.array_equal(same, labels)


def test_a_crop_shows_the_middle_and_a_letterbox_all() -> None:
    columns = np.repeat(np.arange(0, 200, 2, dtype=np.uint8)[None], 50, 0)
    image = np.repeat(columns[..., None], 3, 2)
    rng = np.random.default_rng(0)

    def sample(placement: Placement) -> tuple[np.ndarray, np.ndarray]:
        return augment(image, columns, placement=placement, augmentation=Augmentation(), rng=rng)

    for share, first, last in ((1.0, 50, 148), (0.5, 74, 124)):
        cut, labels = sample(Placement(Geometry('crop', (50, 50), share)))
        assert np.abs(cut[..., 0].astype(int) - labels).max() <= 2
        assert abs(int(labels.min()) - first) <= 2 and abs(int(labels.max()) - last) <= 2
    whole, labels = sample(Placement(Geometry('letterbox', (100, 100))))
    assert (labels[:25] == IGNORE).all() and (whole[:25] == 114).all()
    assert labels[50].min() == 0 and labels[50].max() == 198


def test_frames_that_are_cut_or_scaled_already_are_not_again() -> None:
    crop, letterbox = Geometry('crop', (64, 96), 0.75), Geometry('letterbox', (128, 416))
    assert Placement(crop, is_cut=True).view((320, 480)).source == (0, 0, 480, 320)
    assert Placement(crop).view((320, 480)).source == (60, 40, 360, 240)
    # Rendered frames at a third of their size lie in the input pixel for pixel.
    assert Placement(letterbox, is_scaled=True).view((125, 414)).target == (1, 1, 414, 125)
    assert Placement(letterbox).view((375, 1242)).target == (0, 1, 416, 126)
    # A cut-out is what another camera would see.
    assert Placement(crop).view_of_part((40, 60)).source == (0, 0, 60, 40)
