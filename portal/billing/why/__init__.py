"""Why an amount is what it is: a charge's reason, its formula, and both held against the books."""
