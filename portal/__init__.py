"""Camledger's portal: four interfaces over one set of books."""
