"""A tiny engine on the worker contract: a few milliseconds, and it is noted.

Every run appends a line to `trained.log` of the home when it begins and when
it ends: so training twice would show. It imports nothing but the standard
library, so that starting it costs little.
"""

import json
import os
import sys
import time
from pathlib import Path

_TRAINS = 0.005
_HOME = Path(os.environ["MMMFLOW_HOME"])


def note(what: str) -> None:
    line = " ".join(
        [
            what,
            os.environ["MMMFLOW_EXPERIMENT"],
            os.environ["MMMFLOW_ATTEMPT"],
            f"{time.time():.6f}",
        ]
    )
    with (_HOME / "trained.log").open("a") as log:
        log.write(f"{line}\n")


def main() -> None:
    """`--input IN --output OUT`: writes what an engine leaves behind."""
    note("begin")
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    out = Path(given["--output"])
    config = json.loads(
        (Path(given["--input"]) / "job_config.json").read_text()
    )
    time.sleep(_TRAINS)
    summary = json.loads((_HOME / "summary.json").read_text())
    nrmse = config["seed"] / 1e4
    summary |= {"experiment_id": config["experiment_id"]}
    for model in (summary["selected"], *summary["candidates"]):
        model |= {"nrmse_train": nrmse, "error_score": nrmse}
    (out / "model_summary.json").write_text(json.dumps(summary))
    (out / "onepager.png").write_bytes(b"picture")
    status = {"schema_version": 1, "status": "succeeded"}
    note("end")
    (out / "status.json").write_text(json.dumps(status))


if __name__ == "__main__":
    main()
