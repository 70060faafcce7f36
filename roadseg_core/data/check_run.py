"""Check all splits of a data set, and draw their contact sheets."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
from tqdm import tqdm

from roadseg_core.data.check import SplitReport, check_split
from roadseg_core.data.contact_sheet import contact_sheet
from roadseg_core.data.dataset import DATA_SETS, DRAWN, SOURCES, open_unchecked
from roadseg_core.data.label_sets import find_label_map
from roadseg_core.data.pairs import PairSource
from roadseg_core.data.source import DataError, LabelledFrame, NoSplitError
from roadseg_core.data.splits import spread
from roadseg_core.labels import LabelMap


@dataclass(frozen=True)
class CheckResult:
    """
    Hold what a check found.

    :param reports: one for each split that is there
    :param absent: the splits that are not, a sentence each
    :param sheets: the contact sheets that were written
    """

    data: str
    label_map: str
    reports: tuple[SplitReport, ...]
    absent: tuple[str, ...]
    sheets: tuple[Path, ...]

    @property
    def passed(self) -> bool:
        """Tell whether nothing is wrong."""
        return all(report.passed for report in self.reports)

    def to_dict(self) -> dict[str, object]:
        """Return the result as plain JSON types."""
        return {
            'data': self.data,
            'label_map': self.label_map,
            'passed': self.passed,
            'splits': [report.to_dict() for report in self.reports],
            'absent': list(self.absent),
            'contact_sheets': [str(p) for p in self.sheets],
        }


def check_data_set(
    name: str,
    *,
    root: Path,
    split: str | None,
    options: Mapping[str, object],
    label_map: str | None,
    sheets: Path | None,
    sheet_frames: int,
) -> CheckResult:
    """
    Check one split, or all that are there; the option ``frames`` limits the frames of each.

    :param label_map: name or file; by default seven, or the map of the options' label set
    :param sheets: folder for contact sheets, None for none
    :param sheet_frames: frames on a contact sheet
    :raises DataError: if the data set, or the split that is named, is not there at all
    """
    if name not in DATA_SETS or name in DRAWN:
        raise DataError(
            f'data set {name!r}; expected one of '
            f'{tuple(source for source in SOURCES if source not in DRAWN)}'
        )
    wanted = find_label_map(label_map or str(options.get('label_set', 'seven')))
    reports: list[SplitReport] = []
    absent: list[str] = []
    written: list[Path] = []
    for part in (split,) if split else DATA_SETS[name].splits:
        try:
            source, parsed = open_unchecked(
                name, root=root, split=part, label_map=wanted, options=options
            )
        except NoSplitError as error:
            absent.append(str(error))
            continue
        source = replace(source, pairs=tuple(spread(source.pairs, parsed.frames)))
        reports.append(
            check_split(
                source,
                split=part,
                label_map=wanted,
                others=reports,
                progress=partial(
                    tqdm, total=len(source), desc=source.name, disable=not sys.stderr.isatty()
                ),
            )
        )
        if sheets and (frames := _sample(source, sheet_frames)):
            written.append(_write_sheet(frames, wanted, reports[-1], sheets))
    if not reports:
        raise DataError(f'{name}: no split is there: {"; ".join(absent)}')
    return CheckResult(name, wanted.name, tuple(reports), tuple(absent), tuple(written))


def _sample(source: PairSource, count: int) -> list[LabelledFrame]:
    frames = []
    for index in spread(range(len(source)), count):
        try:
            frames.append(source.load(index))
        except DataError:
            # It is in the report; the sheet shows the others.
            continue
    return frames


def _write_sheet(
    frames: Sequence[LabelledFrame], label_map: LabelMap, report: SplitReport, folder: Path
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{report.name}.png'
    title = f'{report.name}: {len(frames)} of {report.frames} frames, label map {label_map.name}'
    if not cv2.imwrite(str(path), contact_sheet(frames, label_map, title=title)):
        raise DataError(f'{path}: cannot write the contact sheet')
    return path
