"""A stand-in for Stripe: what cards need of its API, over a state in memory or in a file."""

from portal.demo.card_gateway.app import create_gateway

__all__ = ["create_gateway"]
