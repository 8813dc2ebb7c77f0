"""What is known of the lines that banks gave, and how their files are read."""
