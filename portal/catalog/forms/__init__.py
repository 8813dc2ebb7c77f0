"""Meters, services, rates, tariffs: parsing of input, no I/O."""
