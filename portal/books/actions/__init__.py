"""Periods, closing, charges, documents, commissions, margins: verbs."""
