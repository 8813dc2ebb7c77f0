"""Paying referrals: statements, and how they leave."""
