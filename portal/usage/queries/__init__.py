"""Usage, its sums and coverage: reads; frozen rows come out."""
