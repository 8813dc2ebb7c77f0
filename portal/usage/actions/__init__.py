"""Usage, its sums and coverage: verbs."""
