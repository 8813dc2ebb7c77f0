"""Documents on their way: by e-mail to subscribers, and handed over to other systems as files."""
