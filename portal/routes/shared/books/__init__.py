"""Pages of the books that stand in several portals."""
