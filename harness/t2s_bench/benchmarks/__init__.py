"""Benchmarks: imported from their official layouts, loaded as one `Benchmark`."""
