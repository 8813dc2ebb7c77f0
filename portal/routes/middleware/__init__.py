"""What stands around every handler: security, sessions, form tokens, methods, the clock."""
