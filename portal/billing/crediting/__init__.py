"""What is given back of what was charged."""
