"""Reading how far reminders are, and what a cloud does when."""
