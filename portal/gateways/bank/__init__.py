"""Readers of bank files: bytes in, lines out, every complaint at its line."""
