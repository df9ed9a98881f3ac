"""Measurements of speed and memory; each module is one, run by `python -m benchmarks.NAME`."""
