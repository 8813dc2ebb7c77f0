"""Dashboards, and what takes something of every room."""
