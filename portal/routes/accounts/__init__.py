"""Signing in, and the account of whoever has: pages of every portal."""
