"""Meters, services, rates, tariffs."""
