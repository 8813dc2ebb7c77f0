"""Bank files over the API."""
