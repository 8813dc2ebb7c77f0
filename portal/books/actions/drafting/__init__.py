"""Drafting a month: rated and settled as its close would, without numbers and rows in the books."""
