"""Webhooks: endpoints, and telling them what happened."""
