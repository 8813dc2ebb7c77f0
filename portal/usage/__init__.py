"""Usage, its sums and coverage."""
