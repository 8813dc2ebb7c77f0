"""Texts and values with a meaning of their own: names, ids, addresses, locales, documents."""
