"""The segmentation node: parameters, worker, publications and diagnostics."""
