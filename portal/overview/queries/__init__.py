"""Dashboards, and what takes something of every room: reads; frozen rows come out."""
