"""Tests of the augmentation."""

from __future__ import annotations

import numpy as np

from roadseg_core.training.augmentation import augment
from roadseg_core.training.photometry import Augmentation


def test_no_augmentation_changes_the_size_only() -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    labels = image[..., 0] % 7
    same, same_labels = augment(
        image, labels, size=(12, 16), augmentation=Augmentation(), rng=np.random.default_rng(1)
    )
    assert np.array_equal(same, image) and np.array_equal(same_labels, labels)


def test_labels_move_with_the_image() -> None:
    ramp = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None], 80, 0)
    image = np.repeat(ramp[..., None], 3, 2)
    for seed in range(20):
        changed, labels = augment(
            image,
            ramp,
            size=(40, 60),
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
        image, labels, size=(8, 8), augmentation=strong, rng=np.random.default_rng(2)
    )
    assert (changed != image).any() and changed.dtype == np.uint8
    assert np.array_equal(same, labels)
