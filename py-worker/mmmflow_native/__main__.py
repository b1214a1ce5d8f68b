"""The command line: `python -m mmmflow_native`."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmmflow_native.progress import Progress
    from mmmflow_native.stop import Stop

# Read by the BLAS when NumPy is first imported, hence before everything else:
# matrices here are small, and one thread makes sums come out the same.
for _name in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

DESCRIPTION = """\
Train a marketing mix model: Robyn's model, fitted exactly.

Reads a configuration (job_config.json, described by
schemas/job_config.json) and a table with one row per day, week or month, and
writes tables, one-pagers, a budget proposal and model_summary.json.
"""
EPILOG = """\
examples:
  python -m mmmflow_native --data sales.csv --mapping mapping.json \\
      --experiment experiment.json --output out
      your own table; the configuration is made, and kept in out/in
  python -m mmmflow_native --input in --output out
      in/ holds job_config.json, input_data.parquet or .csv, and, if the
      holidays are your own, holidays.csv (ds, holiday, country, year)
  python -m mmmflow_native --config job.json --data sales.csv --output out
  python -m mmmflow_native --input in --output out --stability 10
      the search with ten seeds: how far does the answer depend on luck?
  python -m mmmflow_native --input in --output new \\
      --previous out/results/models/3_1878_1.json
      with new periods: stay near that model, and say why returns moved
  python -m mmmflow_native --recreate out/results/models/3_1878_1.json \\
      --output again [--plan plan.json]
      docs/model.md says what a plan holds

what is written to the output folder:
  model_summary.json   the best model, its channels, the proposal, warnings
  results/             tables (Parquet and CSV) and pictures
  partial/             instead of results: what a run that was stopped
                       (SIGTERM) had found by then
  progress.json        how far it is, while it works
  status.json          succeeded, skipped (reason) or failed (error, hint)
  timings.csv          seconds by stage

exit code: 0 succeeded or skipped, 1 failed, 2 wrong arguments
"""


def main(arguments: Sequence[str]) -> int:
    """Run the engine as the arguments say; the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    own = given.data and (given.config or given.mapping)
    if not (given.input or own or given.recreate):
        parser.error(
            "give --input, --data and --mapping, --data and --config,"
            " or --recreate"
        )
    if given.plan and not given.recreate:
        parser.error("--plan goes with --recreate")
    if given.output.exists() and not given.output.is_dir():
        parser.error(f"--output {given.output} is no folder")
    if given.stability < 0:
        parser.error("--stability is a number of seeds")
    # Imported here so that --help and a wrong argument answer at once.
    from mmmflow_native.run import run

    work = _recreate if given.recreate else _train
    return run(partial(work, given), given.output)


def _train(
    given: argparse.Namespace, progress: "Progress", stop: "Stop"
) -> None:
    from mmmflow_native import engine
    from mmmflow_native.data import inputs

    if given.mapping is not None:
        from mmmflow_native.data import laptop

        found = laptop.write_inputs(
            given.data, given.mapping, given.experiment, given.output / "in"
        )
    elif given.input is None:
        found = inputs.Inputs(given.config, given.data, given.holidays)
    else:
        there = inputs.from_folder(given.input)
        found = inputs.Inputs(
            given.config or there.config,
            given.data or there.data,
            given.holidays or there.holidays,
            there.previous,
        )
    if given.previous is not None:
        found = replace(found, previous=given.previous)
    engine.run(
        found, given.output, progress, stop, stability_runs=given.stability
    )


def _recreate(
    given: argparse.Namespace, progress: "Progress", stop: "Stop"
) -> None:
    del stop  # there is nothing to keep of it
    from mmmflow_native.write import recreation

    recreation.run(given.recreate, given.plan, given.output, progress)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mmmflow_native",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, metavar, text in (
        ("input", "DIR", "folder with job_config.json and the data"),
        ("config", "FILE", "the configuration, if it is not in DIR"),
        ("data", "FILE", "the table, .csv or .parquet, if it is not in DIR"),
        ("mapping", "FILE", "what the table's columns mean: mapping.json"),
        ("experiment", "FILE", "with --mapping: what differs from defaults"),
        ("holidays", "FILE", "holidays to use instead of the country's own"),
        ("previous", "FILE", "a model's JSON (results/models): refresh it"),
        ("recreate", "FILE", "a model's JSON: fit it again, and no more"),
        ("plan", "FILE", "with --recreate: allocate a budget as it says"),
    ):
        parser.add_argument(f"--{name}", type=Path, metavar=metavar, help=text)
    parser.add_argument(
        "--stability",
        type=int,
        metavar="N",
        default=0,
        help="repeat the search with N seeds and show how the answer spreads",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        required=True,
        help="folder to write to; what an earlier run left there is replaced",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
