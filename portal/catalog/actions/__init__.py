"""Meters, services, rates, tariffs: verbs."""
