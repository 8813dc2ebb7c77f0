"""Cards: accounts at gateways, what is saved there, what was charged."""
