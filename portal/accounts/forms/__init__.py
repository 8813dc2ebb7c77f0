"""People, sign-in, sessions, keys: parsing of input, no I/O."""
