"""Format a benchmark as a table."""

from __future__ import annotations

from collections.abc import Mapping

from roadseg_core.report import text_table

_COLUMNS = (
    'contender',
    'precision',
    'frames/s',
    'ratio',
    'ratio of least',
    'median ms',
    'p99 ms',
    'CPU ms/frame',
    'MiB',
    'labels equal',
)


def table(report: Mapping[str, object]) -> str:
    """Return the report of :func:`roadseg_core.benchmarking.run.benchmark` as Markdown."""
    machine, model = report['machine'], report['model']
    lines = [
        f'{model["file"]}: {model["network"]}, {model["precision"]}, '
        f'{"x".join(str(side) for side in model["input_size"])}; {machine["processor"]}, '
        f'{report["threads"]} threads, {", ".join(machine["instructions"]) or "no extensions"}; '
        f'frames: {report["frames"]}'
    ]
    for batch in report['batches']:
        body = [_row(row) for row in batch['contenders']]
        base = batch['contenders'][0]['ratio_to']
        lines += [
            '',
            f'batch {batch["batch"]}; ratio to {base}',
            '',
            text_table.table(_COLUMNS, body, markdown=True),
        ]
    return '\n'.join(lines)


def _row(row: Mapping[str, object]) -> tuple[str, ...]:
    equal = row['labels_equal']
    return (
        str(row['contender']),
        str(row['precision']),
        f'{row["frames_per_second"]:.1f}',
        f'{row["ratio"]:.2f}',
        f'{row["ratio_of_least"]:.2f}',
        f'{row["median_ms"]:.2f}',
        f'{row["p99_ms"]:.2f}',
        f'{row["cpu_seconds_per_frame"] * 1e3:.2f}',
        f'{row["resident_mib"]:.0f}',
        '' if equal is None else f'{100 * equal:.3f} %',
    )
