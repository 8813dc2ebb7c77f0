"""What fills the protocols of `portal.ports`: Watcher, PDF processes, the queue, the vault."""
