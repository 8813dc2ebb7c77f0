"""Numbered migrations: one module and one file of SQL each, never edited once landed."""
