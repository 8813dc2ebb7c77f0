"""Usage, its sums and coverage: parsing of input, no I/O."""
