"""Documents as PDF: layout, fonts, and the processes that print."""
