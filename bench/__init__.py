"""Benchmarks, run by `make bench`: everything compared is measured in one run, interleaved, as medians."""
