"""Connections to Watcher, sync runs, mappings, provisioning, reconciliation: verbs."""
