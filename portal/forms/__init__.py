"""What people and systems send, parsed, with every field's error. No I/O."""
