"""Bank files: what a line says, which documents it names, and what follows from it."""
