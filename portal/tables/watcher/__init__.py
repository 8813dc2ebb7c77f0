"""Tables of Watcher."""
