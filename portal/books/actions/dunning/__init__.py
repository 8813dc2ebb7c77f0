"""Reminding customers, and switching off by grades what is not paid."""
