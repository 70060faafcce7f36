"""Corruptions make a frame look as weather, night, glare, blur or compression would."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import cv2
import numpy as np

_HORIZON = 0.46
"""Row of the horizon, as a share of the height: of a camera that looks straight ahead."""

Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Maps float32 [H, W, 3], BGR, 0..1, to the same kind; lengths go with the picture's size."""


def fog(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """
    Veil what is far, by Koschmieder's law: one sees about 150 m, as in dense Foggy Cityscapes.

    Distances are those of a street: level ground, walls to both sides, and the sky.
    """
    height, width = image.shape[:2]
    y, x = _places(height, width)
    # In camera heights; the focal length is about the picture's width.
    ground = 1.0 / np.maximum((y - _HORIZON) * height / width, 1e-3)
    walls = 6.0 / np.maximum(np.abs(x - 0.5), 0.08)
    # Softened, since people and cars stand before the horizon.
    distance = cv2.GaussianBlur(np.minimum(ground, walls), (0, 0), 0.04 * len(ground))
    distance = _enlarge(distance, height, width)
    distance += (150.0 - distance) * _sky(image)
    density = -0.03 * (0.7 + 0.6 * _clouds(rng, height, width))
    clear = cv2.exp(density * distance)[..., None]
    airlight = np.float32(0.5 + 0.3 * np.quantile(image[::4, ::4], 0.9))
    return image * clear + airlight * (1.0 - clear)


def rain(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Darken and haze the scene, and draw streaks of far and near drops."""
    height, width = image.shape[:2]
    image = 0.13 + 0.67 * (0.7 * image + 0.3 * image.mean(2, keepdims=True))
    slant = rng.uniform(-0.25, 0.25)
    size = np.sqrt(height * width)
    for count, length, thickness, light in ((500, 0.03, 0.0012, 0.28), (110, 0.08, 0.002, 0.36)):
        streaks = np.zeros((height, width), np.uint8)
        starts = rng.uniform((-0.1, -0.1), (1.1, 1.0), (count, 2)) * (width, height)
        ends = starts + length * size * rng.uniform(0.5, 1.5, (count, 1)) * (slant, 1.0)
        for start, end, grey in zip(starts, ends, rng.integers(90, 256, count).tolist()):
            # In sixteenths of a pixel.
            points = [tuple((16 * point).astype(int).tolist()) for point in (start, end)]
            cv2.line(streaks, *points, grey, max(1, round(thickness * size)), cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(streaks, (0, 0), thickness * size) * np.float32(light / 255)
        image += soft[..., None] * (1.0 - image)
    return image


def night(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take daylight away, light the road by headlights, and let the camera's gain show noise."""
    height, width = image.shape[:2]
    y, x = _places(height, width)
    linear = (0.55 * image + 0.45 * image.mean(2, keepdims=True)) ** 2.2
    reach = np.clip((y - _HORIZON) / 0.08, 0.0, 1.0) * np.exp(-(((y - 0.68) / 0.24) ** 2))
    beam = 0.55 * reach * np.exp(-(((x - 0.5 - rng.uniform(-0.05, 0.05)) / 0.35) ** 2))
    beam = _enlarge(beam, height, width)[..., None] * np.float32([0.75, 0.95, 1.0])
    # The sky was bright because it shone itself.
    ambient = 0.07 * (1.0 - 0.8 * _sky(image))[..., None] * np.float32([1.15, 1.0, 0.85])
    linear *= beam + ambient
    gain = np.clip(0.05 / max(float(linear[height // 2 :].mean()), 1e-6), 1.0, 6.0)
    noise = rng.standard_normal(image.shape, np.float32)
    linear += noise * np.sqrt(1e-4 * linear + 2e-6)
    return np.maximum(np.float32(gain) * linear, 0.0) ** (1 / 2.2)


def glare(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let a low sun ahead shine into the lens: a blinding disc, its veil, spikes and ghosts."""
    height, width = image.shape[:2]
    y, x = _places(height, width)
    y *= height / width
    sun = np.array([rng.uniform(0.25, 0.75), rng.uniform(0.2, 0.34) * height / width])
    away = np.hypot(x - sun[0], y - sun[1])
    veil = np.exp(-((away / 0.035) ** 2)) + 0.7 * np.exp(-away / 0.11) + 0.24 * np.exp(-away / 0.5)
    spikes = np.cos(3.0 * np.arctan2(y - sun[1], x - sun[0]) + rng.uniform(0, 2 * np.pi)) ** 24
    veil += 0.35 * spikes * np.exp(-away / 0.12)
    for place, radius in ((1.35, 0.03), (1.7, 0.055)):
        ghost = sun + place * (np.array([0.5, 0.5 * height / width]) - sun)
        edge = np.clip((np.hypot(x - ghost[0], y - ghost[1]) - radius) / 0.003, -20.0, 20.0)
        veil += 0.07 / (1.0 + np.exp(edge))
    # Against the light, surfaces are darker.
    veil = _enlarge(veil, height, width)[..., None]
    return 0.85 * image + veil * np.float32([0.82, 0.94, 1.0])


def blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put the lens out of focus: a disc of about 5 pixels in 480x360, 11 in 1280x720."""
    radius = max(1.0, 0.0057 * np.sqrt(image[..., 0].size) * rng.uniform(0.9, 1.1))
    reach = int(np.ceil(radius))
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    disc = np.clip(radius + 0.5 - away, 0.0, 1.0).astype(np.float32)
    return cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)


def jpeg(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Compress by JPEG of quality 20."""
    coded = cv2.imencode('.jpg', _to_bytes(image), [cv2.IMWRITE_JPEG_QUALITY, 20])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR) / np.float32(255)


CORRUPTIONS: dict[str, Corruption] = {
    'fog': fog,
    'rain': rain,
    'night': night,
    'glare': glare,
    'blur': blur,
    'jpeg': jpeg,
}


def corrupt(image: np.ndarray, corruption: str, *, frame: str) -> np.ndarray:
    """
    Corrupt a frame; the same frame always alike.

    :param image: uint8 [H, W, 3], BGR; never written to
    :param corruption: one of :data:`CORRUPTIONS`
    :param frame: the frame's name, from which the random numbers come
    :returns: new uint8 [H, W, 3]
    """
    rng = np.random.default_rng(crc32(f'{corruption} {frame}'.encode()))
    return _to_bytes(CORRUPTIONS[corruption](image / np.float32(255), rng))


def _to_bytes(image: np.ndarray) -> np.ndarray:
    return (np.clip(image, 0.0, 1.0) * 255.0).round().astype(np.uint8)


def _places(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of the height and width, float32 [h, w] each: smooth light needs few."""
    shrunk = max(1, round(width / 480))
    rows, columns = -(-height // shrunk), -(-width // shrunk)
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    return (y + 0.5) / rows, (x + 0.5) / columns


def _enlarge(values: np.ndarray, height: int, width: int) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)


def _sky(image: np.ndarray) -> np.ndarray:
    """Return how much a pixel looks like sky, float32 [H, W], 0..1: bright, above the horizon."""
    above = _HORIZON - np.arange(len(image), dtype=np.float32)[:, None] / len(image)
    bright = (image.max(2) - 0.45) / 0.25
    return np.clip(bright, 0.0, 1.0) * np.clip(above / 0.06, 0.0, 1.0)


def _clouds(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return smooth noise, float32 [H, W], 0..1: octaves from a quarter of the picture down."""
    noise = np.zeros((height, width), np.float32)
    for octave in range(4):
        cells = rng.random((3 << octave, 4 << octave), np.float32)
        noise += cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC) / (2 << octave)
    return np.clip(noise / (1 - 0.5**4), 0.0, 1.0)
