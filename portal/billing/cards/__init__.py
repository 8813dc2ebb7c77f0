"""Charging cards: amounts as gateways count them, and what comes after a failure."""
