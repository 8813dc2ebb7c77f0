"""Drafts of open months: what they are made of, and what is kept of them."""
