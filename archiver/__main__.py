"""`python -m archiver` is the console script."""

from archiver.cli.main import main

main()
