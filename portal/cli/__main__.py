"""`python -m portal.cli`: how the supervisor starts its children."""

from portal.cli import main

main()
