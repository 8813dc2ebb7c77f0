"""Periods, closing, charges, documents, commissions, margins: reads; frozen rows come out."""
