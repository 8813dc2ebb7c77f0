"""Paying referrals: what is due of their commissions, and statements."""
