"""Proving that the books are right: months rated anew, laws held to what is stored."""
