"""Meters, services, rates, tariffs: reads; frozen rows come out."""
