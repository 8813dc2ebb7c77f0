"""Master data: what documents say of both parties, as forms take it."""
