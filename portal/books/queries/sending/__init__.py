"""How far documents are on their way to subscribers, and which were handed over."""
