"""Drafts: what the close of a month would issue, how it differs, and what a person looks at."""
