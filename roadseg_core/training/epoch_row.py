"""Describe an epoch: a row of ``metrics.jsonl``, scalars for TensorBoard, a line of text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from roadseg_core.metrics import Tally
from roadseg_core.training.progress import Progress
from roadseg_core.training.run_folder import BEST, LAST, METRICS


def training_row(
    progress: Progress,
    *,
    epoch: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    tally: Tally,
) -> dict[str, object]:
    """
    Return the part of a row that training knows.

    :param steps: updates of the epoch
    :param tally: of the predictions of training
    """
    scores = tally.confusion.scores().to_dict()
    names = ('pixel_accuracy', 'road_precision', 'road_recall', 'road_iou', 'miou')
    return {
        'epoch': epoch,
        'step': progress.step,
        'loss': round(progress.loss_sum / steps, 6),
        'train': {
            **{name: scores[name] for name in names},
            'auc': tally.image_view.scores().to_dict()['auc'],
        },
        'learning_rate': learning_rate,
        'seconds': round(progress.seconds, 1),
        'images_per_second': round(steps * batch_size / progress.seconds, 2),
        'data_wait_share': round(progress.waited / progress.seconds, 4),
    }


def scalars(row: Mapping[str, object]) -> dict[str, float | None]:
    """Return what TensorBoard shows of a row: by figure, then by data set, for one chart each."""
    values = {
        'loss/train': row['loss'],
        'loss/validation': row.get('validation_loss'),
        'score': row.get('score'),
        'images_per_second': row['images_per_second'],
        'data_wait_share': row['data_wait_share'],
    }
    values |= {f'{key}/train': value for key, value in row['train'].items()}
    for name, figures in row.get('validation', {}).items():
        shown = (*row['train'], 'loss', 'max_f')
        values |= {f'{key}/{name}': figures[key] for key in shown}
        values |= {f'iou of {name}/{key}': value for key, value in figures['iou'].items()}
    return values


def summary(row: Mapping[str, object]) -> str:
    """Return a row as a line."""
    return (
        f'epoch {row["epoch"]}: loss {row["loss"]}, '
        + ''.join(
            f'{name} loss {f["loss"]:.4f} mIoU {f["miou"] or 0:.3f} '
            f'road IoU {f["road_iou"] or 0:.3f}, '
            for name, f in row.get('validation', {}).items()
        )
        + f'{row["images_per_second"]} images/s, waiting {row["data_wait_share"]:.1%}'
    )


def final_summary(progress: Progress, *, best: str, folder: Path) -> str:
    """
    Say which figure the best network of a run has, and where it lies.

    :param best: what the best was chosen by, ``miou`` or ``loss``
    """
    if progress.best is None:
        return (
            f'no best network: no validation gave a number; {folder / LAST} is the last one, '
            f'{folder / METRICS} has the figures'
        )
    figure = (
        f'score {progress.best:.4f}' if best == 'miou' else f'validation loss {-progress.best:.4f}'
    )
    return f'best {figure}: {folder / BEST}'
