"""`python -m mmmflow`: the command line."""

from mmmflow.cli.app import main

if __name__ == "__main__":
    main(prog_name="mmmflow")
