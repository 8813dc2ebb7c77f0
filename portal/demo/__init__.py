"""The demo: seed data and a simulated Watcher for it to read."""
