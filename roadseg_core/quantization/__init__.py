"""
Quantization writes model files in int8, calibrated and validated.

Quantize and dequantize nodes are explicit and symmetric, as TensorRT wants them and OpenVINO
takes them; the pairs are placed by ONNX Runtime's static quantization.
"""

from __future__ import annotations
