"""Clouds, subscribers, cameras, subscriptions, referrals: reads; frozen rows come out."""
