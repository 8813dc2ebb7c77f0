"""People, sign-in, sessions, keys."""
