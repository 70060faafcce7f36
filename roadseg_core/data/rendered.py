"""Rendered drives with exact truth; never the demo's seeds or street layouts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from roadseg_core.data.label_sets import find_label_set, reduction_table
from roadseg_core.data.options import CacheOptions, Size
from roadseg_core.data.source import LabelledFrame
from roadseg_core.labels import LabelMap

FRAMES_PER_DRIVE = 8
FIRST_VALIDATION_DRIVE = 5000
"""Validation drives are numbered from here on: training never gets that far."""


class RenderedOptions(CacheOptions):
    """
    Options of rendered drives.

    :param frames: how many to render
    :param size: (height, width) of the frames in pixels
    :param camera: the one whose frames are rendered; all: the four in turn
    """

    frames: int = Field(default=120, ge=1)
    size: Size = (400, 600)
    camera: Literal['all', 'front', 'left', 'right', 'rear'] = 'all'


class RenderedDrives:
    """
    Render frames with the truth of the label map ``seven``, or of one that it reduces to.

    :param split: ``train`` or ``val``
    :raises LabelMapError: for a label map that seven is no part of
    """

    road_only = False
    problems: tuple[str, ...] = ()

    def __init__(self, *, split: str, label_map: LabelMap, options: RenderedOptions) -> None:
        from roadseg_core.rendering import CAMERAS
        from roadseg_core.rendering.config import training_configs

        self.name = f'rendered_{split}'
        views = [(CAMERAS[n % len(CAMERAS)], n // 2) for n in range(FRAMES_PER_DRIVE)]
        self._views = [view for view in views if options.camera in ('all', view[0])]
        drives = -(-options.frames // len(self._views))
        first = FIRST_VALIDATION_DRIVE if split == 'val' else 0
        self._configs = list(training_configs(drives, *options.size, first=first))
        self._frames = options.frames
        self._drive: tuple[int, object] = (-1, None)
        seven = find_label_set('seven')
        self.native = seven.label_map
        # The renderer's truth is in the ids of `seven`; its void, as elsewhere, is ignored.
        self._table = reduction_table(seven, label_map, keep_void=False)

    def __len__(self) -> int:
        return self._frames

    def load(self, index: int) -> LabelledFrame:
        """Load a frame by its index."""
        from roadseg_core.rendering import Drive

        number, position = divmod(index, len(self._views))
        if self._drive[0] != number:
            self._drive = (number, Drive(self._configs[number]))
        drive = self._drive[1]
        camera, moment = self._views[position]
        frame = drive.render(camera, moment)
        name = f'drive{number}_{camera}_{moment}'
        one = len({camera for camera, _ in self._views}) == 1
        intrinsics = drive.camera(camera).intrinsics if one else None
        return LabelledFrame(name, frame.image, self._table[frame.labels], intrinsics)

    def inputs(self) -> Iterator[Path]:
        """Yield the files that the frames depend on: the program that renders them."""
        from roadseg_core import rendering

        yield from sorted(Path(rendering.__file__).parent.glob('*.py'))
