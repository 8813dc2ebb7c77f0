"""Money comes in and goes out: payments, credit, refunds, write-offs, credit notes."""
