"""Periods, closing, charges, documents, commissions, margins: parsing of input, no I/O."""
