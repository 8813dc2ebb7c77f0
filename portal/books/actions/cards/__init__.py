"""Cards: accounts at gateways, saving cards, charging them once, and what gateways tell."""
