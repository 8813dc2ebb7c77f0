"""Workers: the same actions as the portals, by the clock and by the queue."""
