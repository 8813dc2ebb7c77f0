"""What is sent for what takes something of every room: parsing, no I/O."""
