"""Clouds as the platform sees them: all of them, their months, one of them."""
