"""Closing a period, phase by phase: rate cameras, settle, make documents in parts, issue them."""
