"""Money that came in, what it is put on, and the ledger."""
