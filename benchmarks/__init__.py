"""Benchmarks of promised ratios, each of one run on one machine. `make bench`, or `python -m benchmarks NAME ...`."""
