"""Secrets: keys made of the installation's one, passwords, one-time codes, known devices."""
