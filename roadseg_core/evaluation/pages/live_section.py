"""What report.html says of bags that were played to a node."""

from __future__ import annotations

_CAUSES = (
    ('sent', 'sent'),
    ('lost_by_dds', 'lost by DDS'),
    ('replaced', 'replaced by a newer one'),
    ('stale', 'too old'),
    ('bad', 'bad'),
    ('failed', 'failed'),
    ('not_ready', 'before ready'),
    ('recorded', 'came back'),
)


def live_section(report: dict) -> dict[str, object] | None:
    """Return what the page's template shows of the section ``live``; None without one."""
    live = report.get('live')
    if live is None:
        return None
    offline = report['offline']
    return {
        'about': _about(live),
        'columns': ['camera', *(title for _, title in _CAUSES), 'a second'],
        'rows': [
            [
                camera,
                *(str(row.get(name, 0)) for name, _ in _CAUSES),
                f'{live["fps"].get(camera, 0.0):.1f}',
            ]
            for camera, row in live['frames'].items()
            if camera != 'total' or len(live['frames']) > 2
        ],
        'times': [
            ['from sending to label image', *_both(live['end_to_end_ms'])],
            ['in the node, arrival to publication', *_both(live['node_ms'])],
            ['in the engine, of the node', *_both(live['engine_ms'])],
            [
                'the same frames without DDS: decoding, engine, outputs',
                *_both(live['without_dds_ms']),
            ],
            ['cost of the network: outside the node', _ms(live['network_ms']), ''],
            ['cost of scheduling: in the node, outside the engine', _ms(live['scheduling_ms']), ''],
        ],
        'scores': _scores(report['scores'], offline['scores']),
        'problems': live['problems'],
    }


def _about(live: dict) -> str:
    node = (
        f'{live["node"]}, started for this'
        if live['started_here']
        else f'{live["node"]}, which ran already'
    )
    clock = f'/clock at {live["clock_hz"]:g} Hz' if live['clock_hz'] else 'no /clock'
    engine = live['engine'] or {}
    return (
        f'The bags were played over DDS at {live["rate"]:g} times the recorded speed, with '
        f'{clock}, to the node {node}. {engine.get("engine_rate", "")}'
    ).strip()


def _scores(live: dict | None, offline: dict | None) -> str:
    if live is None or offline is None:
        return ''
    return (
        f'Road IoU of the {live["frames"]} label images that came back: '
        f'{_three(live["road_iou"])}; of all {offline["frames"]} frames without DDS: '
        f'{_three(offline["road_iou"])}.'
    )


def _both(values: dict[str, float | None]) -> tuple[str, str]:
    return _ms(values['p50']), _ms(values['p99'])


def _ms(value: float | None) -> str:
    return 'none' if value is None else f'{value:.1f} ms'


def _three(value: float | None) -> str:
    return 'none' if value is None else f'{value:.3f}'
