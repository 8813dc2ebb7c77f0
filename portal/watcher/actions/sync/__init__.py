"""Reading a Watcher: walk it, and only when the walk is complete let what was found count."""
