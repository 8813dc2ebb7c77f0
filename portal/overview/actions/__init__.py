"""What takes something of every room: verbs."""
