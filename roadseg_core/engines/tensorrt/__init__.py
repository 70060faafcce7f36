"""The TensorRT engine: its rules, plans, cache and runtime."""
