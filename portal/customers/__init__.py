"""Clouds, subscribers, cameras, subscriptions, referrals."""
