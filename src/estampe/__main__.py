"""`python -m estampe` is the command `estampe`."""

from estampe.cli import main

main()
