"""Small data sets in their true layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest


def write(path: Path, image: np.ndarray) -> None:
    """Write an image, and the folders above it; colours are BGR."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def rgb(rows: Sequence[Sequence[tuple[int, int, int]]]) -> np.ndarray:
    """Return a BGR image of RGB colours."""
    return np.ascontiguousarray(np.array(rows, np.uint8)[..., ::-1])


def grey(value: int, *, size: tuple[int, int]) -> np.ndarray:
    """Return a grey camera image of (height, width)."""
    return np.full((*size, 3), value, np.uint8)


class Layouts:
    """Writes data sets below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def camvid(self, *, suffix: str = '.png', frames: int = 2) -> Path:
        """Write frames a split whose truth shows every id in a column of its own."""
        truth = np.repeat(np.arange(12, dtype=np.uint8)[None], 8, 0)
        for split in ('train', 'val'):
            for number in range(frames):
                name = f'0016E5_{number:05d}'
                write(
                    self.root / 'camvid' / split / f'{name}{suffix}',
                    grey(100 + number, size=(8, 12)),
                )
                write(self.root / 'camvid' / f'{split}annot' / f'{name}.png', truth)
        return self.root / 'camvid'

    def camvid_original(self) -> Path:
        """Write one frame for each part of the SegNet split: sky, lane marking, kerb, void."""
        folder = self.root / 'camvid'
        truth = rgb([[(128, 128, 128), (128, 0, 192), (192, 0, 64), (0, 0, 0)]] * 4)
        for name in (
            '0001TP_006690',
            '0006R0_f00930',
            '0016E5_07959',
            '0001TP_008550',
            'Seq05VD_f00000',
        ):
            write(folder / '701_StillsRaw_full' / f'{name}.png', grey(90, size=(4, 4)))
            write(folder / 'LabeledApproved_full' / f'{name}_L.png', truth)
        return folder

    def comma10k(self, *, frames: int = 20) -> Path:
        """Write frames whose truth shows each of the six colours in a column."""
        colours = ('402020', 'ff0000', '808060', '00ff66', 'cc00ff', '00ccff')
        truth = rgb([[tuple(bytes.fromhex(colour)) for colour in colours]] * 4)
        for number in range(frames):
            name = f'{number:04d}_0085e9e41513078a_2018-08-19--13-26-08_11_{700 + number}.png'
            write(self.root / 'comma10k' / 'imgs' / name, grey(number, size=(4, 6)))
            write(self.root / 'comma10k' / 'masks' / name, truth)
        return self.root / 'comma10k'

    def kitti_road(self, *, frames: int = 5, suffix: str = '.png') -> Path:
        """Write frames a category with magenta, red, black and stray blue truth."""
        training = self.root / 'kitti_road' / 'training'
        truth = rgb([[(255, 0, 255), (255, 0, 0), (0, 0, 0), (0, 0, 255)]] * 6)
        for category in ('um', 'umm', 'uu'):
            for number in range(frames):
                write(
                    training / 'image_2' / f'{category}_{number:06d}{suffix}',
                    grey(number, size=(6, 4)),
                )
                write(training / 'gt_image_2' / f'{category}_road_{number:06d}.png', truth)
        for number in range(frames):
            write(training / 'gt_image_2' / f'um_lane_{number:06d}.png', truth[:, ::-1])
        return self.root / 'kitti_road'

    def kitti_semantic(self, *, frames: int = 5) -> Path:
        """Write frames of the set of 2015 whose truth shows every id."""
        training = self.root / 'kitti_semantic' / 'training'
        truth = np.repeat(np.arange(34, dtype=np.uint8)[None], 5, 0)
        for number in range(frames):
            write(training / 'image_2' / f'{number:06d}_10.png', grey(number, size=(5, 34)))
            write(training / 'semantic' / f'{number:06d}_10.png', truth)
        return self.root / 'kitti_semantic'

    def kitti_semantic_older(self, *, coded: str, frames: int = 143) -> Path:
        """Write the older set: truth as ids or painted; sky, road and void."""
        folder = self.root / 'kitti_semantic'
        truth = (
            np.array([[0, 2, 255]], np.uint8)
            if coded == 'ids'
            else rgb([[(128, 128, 128), (128, 64, 128), (0, 0, 0)]])
        )
        for number in range(frames):
            write(folder / 'images' / f'{number:06d}.png', grey(number, size=(1, 3)))
            write(folder / 'labels' / f'{number:06d}.png', truth)
        return folder

    def cityscapes(
        self, cities: dict[str, dict[str, int]], *, size: tuple[int, int] = (4, 34)
    ) -> Path:
        """Write frames by split and city; the truth shows the ids in columns."""
        folder = self.root / 'cityscapes'
        truth = np.repeat((np.arange(size[1]) % 34).astype(np.uint8)[None], size[0], 0)
        for split, counts in cities.items():
            for city, count in counts.items():
                for number in range(count):
                    name = f'{city}_{number:06d}_000019'
                    write(
                        folder / 'leftImg8bit' / split / city / f'{name}_leftImg8bit.png',
                        grey(number, size=size),
                    )
                    write(folder / 'gtFine' / split / city / f'{name}_gtFine_labelIds.png', truth)
        return folder

    def virtual_kitti_2(
        self, *, frames: int = 5, scenes: Sequence[int] = (1, 2), table: bool = True
    ) -> Path:
        """Write road, car, van and sky in two variations from both cameras."""
        folder = self.root / 'virtual_kitti'
        truth = rgb([[(100, 60, 100), (255, 127, 80), (0, 139, 139), (90, 200, 255)]] * 3)
        truth = np.repeat(np.repeat(truth, 3, 0), 3, 1)
        for scene in scenes:
            for variation in ('clone', 'fog'):
                base = folder / f'Scene{scene:02d}' / variation
                for camera in (0, 1):
                    for number in range(frames):
                        write(
                            base / 'frames' / 'rgb' / f'Camera_{camera}' / f'rgb_{number:05d}.jpg',
                            grey(number, size=(9, 12)),
                        )
                        write(
                            base
                            / 'frames'
                            / 'classSegmentation'
                            / f'Camera_{camera}'
                            / f'classgt_{number:05d}.png',
                            truth,
                        )
                if table:
                    (base / 'colors.txt').write_text(
                        'Category r g b\nRoad 100 60 100\nCar 255 127 80\nVan 0 139 139\n'
                        'Sky 90 200 255\n',
                        encoding='utf-8',
                    )
        return folder

    def virtual_kitti_1(self, *, frames: int = 5, scenes: Sequence[int] = (1, 2)) -> Path:
        """Write road, two cars of a colour each, and sky; the colours differ by scene."""
        folder = self.root / 'virtual_kitti'
        for scene in scenes:
            colours = {
                'Road': (100, 60, 100),
                'Car:0': (200, scene, 200),
                'Car:1': (201, scene, 200),
                'Sky': (90, 200, 255),
            }
            truth = rgb([list(colours.values())] * 3)
            truth = np.repeat(np.repeat(truth, 3, 0), 3, 1)
            for number in range(frames):
                place = Path(f'{scene:04d}', 'clone', f'{number:05d}.png')
                write(folder / 'vkitti_1.3.1_rgb' / place, grey(number, size=(9, 12)))
                write(folder / 'vkitti_1.3.1_scenegt' / place, truth)
            lines = [f'{name} {r} {g} {b}' for name, (r, g, b) in colours.items()]
            (
                folder / 'vkitti_1.3.1_scenegt' / f'{scene:04d}_clone_scenegt_rgb_encoding.txt'
            ).write_text('\n'.join(['Category(:id) r g b', *lines]), encoding='utf-8')
        return folder

    def streets(self, *, coded: str = 'ids', frames: int = 5) -> dict[str, str]:
        """Write images and truth of one's own with a label map; return the options for it."""
        folder = self.root / 'streets'
        truth = (
            np.array([[0, 1, 2, 255]] * 2, np.uint8)
            if coded == 'ids'
            else rgb([[(1, 1, 1), (2, 2, 2), (3, 3, 3), (3, 3, 3)]] * 2)
        )
        for number in range(frames):
            write(folder / 'images' / 'town' / f'{number}.png', grey(number, size=(2, 4)))
            write(folder / 'labels' / 'town' / f'{number}.png', truth)
        path = self.root / 'streets.yaml'
        path.write_text(
            'name: streets\nnames: [lane, grass, unknown]\n'
            'palette: [[1, 1, 1], [2, 2, 2], [3, 3, 3]]\nroad_ids: [0]\nvoid_ids: [2]\n'
            'reductions:\n  two: {road: [lane], not road: rest, ignore: [unknown]}\n',
            encoding='utf-8',
        )
        return {'folder': str(folder), 'label_set': str(path)}


@pytest.fixture
def layouts(tmp_path: Path) -> Layouts:
    """Write data sets below the test's own folder."""
    return Layouts(tmp_path)
