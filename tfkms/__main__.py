"""`python -m tfkms`."""

from tfkms.cli import main

main(prog_name="tfkms")
