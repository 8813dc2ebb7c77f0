"""What a cloud pays for each service: the page, and prices as rows of a form."""
