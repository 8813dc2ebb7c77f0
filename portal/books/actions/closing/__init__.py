"""Closing a period, step by step: rate in batches, then finish the books in one transaction."""
