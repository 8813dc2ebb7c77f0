"""What every room uses: reads; frozen rows come out."""
