"""Clouds, subscribers, cameras, subscriptions, referrals: verbs."""
