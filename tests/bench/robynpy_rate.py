"""robynpy's rate on a reference problem; run by an interpreter that has it:

    python robynpy_rate.py REFERENCE_DIR ITERATIONS

REFERENCE_DIR holds inputs.json and dt_mod.csv. The last line of stdout is
JSON: evaluations, and the seconds of the search alone, on a free core.
Geometric adstock, one trial. It needs nothing of mmmflow: robynpy has its own
Python.
"""

import json
import logging
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

WARM_UP = 5
CHANNEL = ("alphas", "gammas", "thetas")


def main(folder: Path, iterations: int) -> None:
    """Search as robynpy does, and print what it took."""
    logging.disable(logging.CRITICAL)  # it logs each step of an evaluation
    _search(_builder(folder), WARM_UP)  # R and its glmnet are loaded by then
    builder = _builder(folder)
    wall, used = time.perf_counter(), time.process_time()
    _search(builder, iterations)
    # Other work on the machine does not count: only the time on a core, of
    # which more threads than one would take more than the clock shows.
    seconds = min(
        time.process_time() - used,
        time.perf_counter() - wall,
    )
    print(json.dumps({"evaluations": iterations, "seconds": seconds}))


def _search(builder: Any, iterations: int) -> None:
    algorithms = _of("modeling.entities.enums", "NevergradAlgorithm")
    trials = _of("modeling.entities.modelrun_trials_config", "TrialsConfig")
    builder.build_models(
        trials_config=trials(trials=1, iterations=iterations),
        seed=[123],
        nevergrad_algo=algorithms.TWO_POINTS_DE,
        cores=1,
    )


def _builder(folder: Path) -> Any:
    """robynpy's search over the table of features, as it stands.

    Its exposures are on the spend scale already, its components prophet's.
    """
    import pandas as pd

    given = json.loads((folder / "inputs.json").read_text())
    table = pd.read_csv(folder / "dt_mod.csv", parse_dates=["ds"])
    paid = given["cpe"]["paid_media_selected"]
    organic = [name for name in given["media"] if name not in paid]
    first, last = given["rows"]
    signs = _of("data.entities.enums", "PaidMediaSigns")
    other = _of("data.entities.enums", "ContextSigns")
    data = _of("data.entities.mmmdata", "MMMData")
    spec = data.MMMDataSpec(
        dep_var="dep_var",
        date_var="ds",
        window_start=pd.Timestamp(given["window_start"]),
        window_end=pd.Timestamp(given["window_end"]),
        rolling_window_start_which=first - 1,
        rolling_window_end_which=last - 1,
        rolling_window_length=last - first + 1,
        paid_media_spends=paid,
        paid_media_vars=paid,
        paid_media_signs=[signs.POSITIVE] * len(paid),
        organic_vars=organic,
        organic_signs=[
            _of("data.entities.enums", "OrganicSigns").POSITIVE for _ in organic
        ],
        context_vars=given["context"],
        context_signs=[other.DEFAULT] * len(given["context"]),
        factor_vars=[],
    )
    holidays = _of("data.entities.holidays_data", "HolidaysData")(
        dt_holidays=None,
        prophet_vars=given["prophet"],
        prophet_signs=[
            _of("data.entities.enums", "ProphetSigns").DEFAULT
            for _ in given["prophet"]
        ],
        prophet_country="DE",
    )
    features = _of(
        "modeling.entities.featurized_mmm_data", "FeaturizedMMMData"
    )(
        dt_mod=table,
        dt_modRollWind=table.iloc[first - 1 : last],
        modNLS={},
    )
    return _of("modeling.ridge_model_builder", "RidgeModelBuilder")(
        data(table.copy(), spec),
        holidays,
        None,
        {"prepared_hyperparameters": _hyperparameters(given)},
        features,
    )


def _hyperparameters(given: dict[str, Any]) -> Any:
    ranges = given["adstock_bounds"]["geometric"]
    channel = _of("data.entities.hyperparameters", "ChannelHyperparameters")
    return _of("data.entities.hyperparameters", "Hyperparameters")(
        hyperparameters={
            medium: channel(
                **{name: ranges[f"{medium}_{name}"] for name in CHANNEL}
            )
            for medium in given["media"]
        },
        adstock=_of("data.entities.enums", "AdstockType").GEOMETRIC,
        lambda_=[0, 1],
        train_size=None,
    )


def _of(module: str, name: str) -> Any:
    return getattr(import_module(f"robyn.{module}"), name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
