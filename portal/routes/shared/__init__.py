"""Pages that several portals have: each portal mounts them behind its own guard."""
