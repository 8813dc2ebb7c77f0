"""Mail: what is written (`letters`), and the server that takes it (`smtp`)."""
