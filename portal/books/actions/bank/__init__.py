"""Files that banks give, taken into the books: how they are read, what becomes of them."""
