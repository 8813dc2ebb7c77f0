"""Reading a Watcher: fetch all of it, and only a complete run lets what was found count."""
