"""What would be: what a tariff costs, a closed month under another one, what a month comes to."""
