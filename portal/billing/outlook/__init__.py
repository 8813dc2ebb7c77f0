"""What would be: the cost of a tariff before it is sold, a closed month under another one, what a month comes to."""
