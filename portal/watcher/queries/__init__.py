"""Watcher: connections, mappings, provisioning, reconciliation: reads; frozen rows come out."""
