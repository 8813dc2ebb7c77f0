"""Reminders and graded suspension of customers who do not pay."""
