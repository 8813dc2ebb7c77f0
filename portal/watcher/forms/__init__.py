"""Watcher: connections, mappings, provisioning, reconciliation: parsing of input, no I/O."""
