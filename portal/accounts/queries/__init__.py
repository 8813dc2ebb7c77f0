"""People, sign-in, sessions, keys: reads; frozen rows come out."""
