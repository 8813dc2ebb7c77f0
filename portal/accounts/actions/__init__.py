"""People, sign-in, sessions, keys: verbs."""
