"""Sums of the books that are kept, so that a page of a large cloud reads some rows."""
