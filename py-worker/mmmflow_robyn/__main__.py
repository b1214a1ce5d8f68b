"""The command line: `python -m mmmflow_robyn`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mmmflow_native.run import FAILED, run

from mmmflow_robyn import engine

DESCRIPTION = """\
Train a marketing mix model with Meta's Robyn, in R.

Reads job_config.json and input_data.parquet or .csv (and holidays.csv, if
the holidays are your own), and writes the same files as the native engine.
"""
PROCESSES = "2"  # as many as the smallest job has processors


def main(arguments: Sequence[str]) -> int:
    """Run the engine as the arguments say; the exit code."""
    given = _parser().parse_args(arguments)
    wanted = engine.Wanted(given.input, given.processes, given.previous)
    try:
        return run(
            lambda progress, _: engine.train(wanted, given.output, progress),
            given.output,
        )
    except engine.DiedError as died:
        print(died, flush=True)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mmmflow_robyn",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, metavar, text in (
        ("input", "DIR", "folder with job_config.json and the data"),
        ("output", "DIR", "folder to write to; an earlier run's is replaced"),
    ):
        parser.add_argument(
            f"--{name}", type=Path, metavar=metavar, help=text, required=True
        )
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        default=int(os.environ.get("MMMFLOW_PROCESSES", PROCESSES)),
        help="trials at a time; MMMFLOW_PROCESSES, or 2",
    )
    parser.add_argument(
        "--previous",
        type=Path,
        metavar="FILE",
        help="a model's JSON of an earlier run (results/models): refresh it",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
