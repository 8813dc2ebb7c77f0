"""What overviews of both portals are made of."""
