"""Clouds, subscribers, cameras, subscriptions, referrals: parsing of input, no I/O."""
