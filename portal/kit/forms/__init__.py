"""What every room uses: parsing of input, no I/O."""
