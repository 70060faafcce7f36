"""The network as the vehicle runs it: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from roadseg_core.labels import LabelMap
from roadseg_core.model_file import OUTPUTS
from roadseg_core.models.mobilenet_fcn import MobileNetFCN
from roadseg_core.models.preprocessing import normalize
from roadseg_core.models.upsampling import PhaseUpsampling


class DeployedNetwork(nn.Module):
    """
    Wrap a network for the vehicle: bytes in, bytes out.

    Values stay float up to the last node, where they are rounded and clipped before the cast:
    TensorRT truncates, and shuffles no integers. Where the network ends in a learned
    upsampling, it runs as its exact fast form, with the pixel-wise part done before the
    pixels are put in place (see :class:`PhaseUpsampling`).

    :param network: scores [N, C, H, W] from normalized images; one channel means a sigmoid
    :param outputs: which of :data:`OUTPUTS`, in their order in the result
    :raises ValueError: for an unknown output or a network that does not fit the label map
    """

    def __init__(
        self, network: nn.Module, *, label_map: LabelMap, outputs: Sequence[str] = OUTPUTS
    ) -> None:
        super().__init__()
        unknown = [name for name in outputs if name not in OUTPUTS]
        if unknown or not outputs:
            raise ValueError(f'outputs {tuple(outputs)}; expected some of {OUTPUTS}')
        if network.classes != 1 and network.classes != len(label_map.names):
            raise ValueError(
                f'network of {network.classes} channels for the label map '
                f'{label_map.name!r} of {len(label_map.names)} classes'
            )
        if network.classes == 1 and (len(label_map.names) != 2 or label_map.road_ids != (1,)):
            raise ValueError(
                'a network of one channel says road or not road: its label map has '
                f'two classes, of which 1 is road; found {label_map.name!r}'
            )
        self.network = network
        self.classes = network.classes
        self.road_ids = label_map.road_ids
        self.outputs = tuple(outputs)
        self.phases = (
            PhaseUpsampling(network.upsampling) if isinstance(network, MobileNetFCN) else None
        )

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """
        Segment frames.

        :param frames: uint8 [N, H, W, 3], BGR
        :returns: uint8 [N, H, W] for each of ``outputs``
        """
        images = normalize(frames)
        kind = next(self.network.parameters()).dtype
        if images.dtype != kind:
            images = images.to(kind)
        if self.phases is None:
            scores = self.network(images)
            by_class = [scores[:, i : i + 1] for i in range(self.classes)]
        else:
            by_class = self.phases(self.network.low_scores(images))
        values = (
            self._from_sigmoid(by_class[0]) if self.classes == 1 else self._from_softmax(by_class)
        )
        return tuple(self._to_bytes(values[name]) for name in self.outputs)

    def _from_softmax(self, scores: list[Tensor]) -> dict[str, Tensor]:
        """Compute every output from one tensor of scores per class."""
        # A chain of comparisons: faster than ArgMax, and the first of equals wins too. The label
        # is the largest id whose score beats all before it.
        labels = (scores[1] > scores[0]).to(scores[0].dtype)
        best = torch.maximum(scores[0], scores[1])
        for class_id, score in enumerate(scores[2:], start=2):
            labels = torch.maximum(labels, (score > best).to(score.dtype) * float(class_id))
            best = torch.maximum(best, score)
        values = {'labels': labels}
        if self.outputs != ('labels',):
            shares = [torch.exp(score - best) for score in scores]
            total = reduce(torch.add, shares)
            road = reduce(torch.add, [shares[i] for i in self.road_ids])
            values['road_probability'] = 255.0 * road / total
            values['confidence'] = 255.0 / total
        return values

    def _from_sigmoid(self, score: Tensor) -> dict[str, Tensor]:
        """Compute every output from the score of road."""
        road = torch.sigmoid(score)
        return {
            'labels': (score > 0).to(score.dtype),
            'road_probability': 255.0 * road,
            'confidence': 255.0 * torch.maximum(road, 1.0 - road),
        }

    def _to_bytes(self, values: Tensor) -> Tensor:
        placed = values[:, 0] if self.phases is None else self.phases.assemble(values)
        return placed.round().clamp(0.0, 255.0).to(torch.uint8)


class PlainNetwork(nn.Module):
    """
    Compute what the deployed network does by softmax and argmax on the full-size scores.

    :param network: scores [N, C, H, W] from normalized images; one channel means a sigmoid
    :param outputs: which of :data:`OUTPUTS`
    """

    def __init__(
        self, network: nn.Module, *, road_ids: tuple[int, ...], outputs: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.network = network
        self.road_ids = road_ids
        self.outputs = outputs

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Map uint8 [N, H, W, 3], BGR, to uint8 [N, H, W] for each of ``outputs``."""
        scores = self.network(normalize(frames))
        one = self.network.classes == 1
        values = {'labels': (scores[:, 0] > 0) if one else scores.argmax(1)}
        if self.outputs != ('labels',):
            shares = torch.sigmoid(scores) if one else torch.softmax(scores, 1)
            road = shares[:, 0] if one else shares[:, list(self.road_ids)].sum(1)
            best = torch.maximum(road, 1.0 - road) if one else shares.amax(1)
            values['road_probability'] = (255.0 * road).round()
            values['confidence'] = (255.0 * best).round()
        return tuple(values[name].to(torch.uint8) for name in self.outputs)
