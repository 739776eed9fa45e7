"""Measurements, side by side in one run: `make bench` and `make faults`. Not part of `make test`."""
