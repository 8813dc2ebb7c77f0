"""Pages about people that stand in several portals."""
