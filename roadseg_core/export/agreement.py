"""Compare the outputs of two forms of a network on the same frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx

from roadseg_core.model_file import INPUT

_BATCH = 2

Runner = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""Maps frames, uint8 [n, H, W, 3], to outputs by name, uint8 [n, H, W]."""


def graph_runner(model: onnx.ModelProto) -> Runner:
    """Return what runs a graph by ONNX Runtime on the CPU."""
    import onnxruntime

    names = [value.name for value in model.graph.output]
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return lambda frames: dict(zip(names, session.run(names, {INPUT: frames})))


def agreement(expected: Runner, found: Runner, frames: np.ndarray) -> dict[str, float | int]:
    """
    Run both on frames, uint8 [N, H, W, 3].

    :returns: share of equal labels, greatest difference of the other outputs in grey levels
    """
    equal, worst = 0, {}
    for start in range(0, len(frames), _BATCH):
        batch = frames[start : start + _BATCH]
        first, second = expected(batch), found(batch)
        equal += int((first['labels'] == second['labels']).sum())
        for name in (name for name in first if name != 'labels'):
            difference = np.abs(first[name].astype(int) - second[name].astype(int)).max()
            worst[name] = max(worst.get(name, 0), int(difference))
    return {'labels': equal / frames[..., 0].size, **worst}


def describe_agreement(agreement: Mapping[str, object], reference: str) -> str:
    """Say in words how well a file agrees with what it was made from."""
    return (
        f'{agreement["labels"]:.3%} of the labels are those of {reference}, on '
        f'{agreement["frames"]} frames ({agreement["of"]}); road probability and confidence '
        f'differ by at most {agreement["road_probability"]} and {agreement["confidence"]} of 255'
    )
