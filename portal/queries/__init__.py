"""Reads, one module a noun: frozen rows out."""
