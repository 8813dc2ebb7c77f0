"""What every room uses: verbs."""
