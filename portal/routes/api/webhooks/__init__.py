"""Webhooks: their endpoints, and what is told there."""
