"""The verbs of the trade. Only these write."""
