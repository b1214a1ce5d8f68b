"""A person's own table and mapping, made into what an engine is given.

The same rules as in the flow: the mapping is applied and the data checked by
`mmmflow.data.preparation`, every default filled in by `mmmflow.domain`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from mmmflow import schema
from mmmflow.data import files, preparation, rows
from mmmflow.data.preparation import Prepared
from mmmflow.domain import job_config, mapping, request
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.mapping import DataMapping

from mmmflow_native.data.inputs import CONFIG_NAME, DATA_NAME, Inputs
from mmmflow_native.errors import UserError

_ALL = "all"


def write_inputs(
    data: Path, meaning: Path, experiment: Path | None, folder: Path
) -> Inputs:
    """job_config.json and input_data.parquet in `folder`, as the flow makes.

    `data` is a .csv or .parquet file, `meaning` a mapping.json
    (schemas/mapping.json), `experiment` what differs from the defaults
    (schemas/experiment.json); its `country` chooses the rows.

    Raises `UserError` with everything that is wrong.
    """
    try:
        columns = _mapping(meaning)
        asked = _request(experiment, columns)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{DATA_NAME}.parquet"
        prepared = _prepared(data, columns, asked["country"])
        preparation.write(prepared, path)
        config = _freeze(asked, prepared, path)
    except InvalidInputError as invalid:
        raise UserError(str(invalid), "correct the file named") from None
    text = json.dumps(config, indent=1, ensure_ascii=False)
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
    return Inputs(folder / CONFIG_NAME, path, None)


def _mapping(path: Path) -> DataMapping:
    document = _json(path)
    schema.require("mapping.json", document)
    return mapping.read(document)


def _request(path: Path | None, columns: DataMapping) -> dict[str, Any]:
    given = {"country": _ALL, **(_json(path) if path else {})}
    schema.require("experiment.json", given)
    asked = request.complete(given)
    problems = job_config.problems(asked, columns)
    if problems:
        raise InvalidInputError(problems)
    if asked["previous"] is not None:
        raise InvalidInputError.of(
            "previous",
            "no experiments are stored here",
            "name the model's file: --previous out/results/models/1_2_1.json",
        )
    if columns.country is not None and asked["country"] == _ALL:
        raise InvalidInputError.of(
            "country",
            f"the data has the column {columns.country!r}",
            'say which country in --experiment: {"country": "DE"}',
        )
    return asked


def _prepared(data: Path, columns: DataMapping, country: str) -> Prepared:
    if not data.is_file():
        raise InvalidInputError.of("--data", f"there is no file {data}")
    with files.as_parquet(data) as raw:
        found = rows.read(raw, columns, country)
        return preparation.prepare(found, columns, country)


def _freeze(
    asked: dict[str, Any], prepared: Prepared, path: Path
) -> dict[str, Any]:
    """The configuration; its ids are made of the data's checksum."""
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    made_up = f"19700101T000000Z-{checksum[:12]}"
    experiment = {
        "id": made_up,
        "correlation_id": "laptop",
        "country": asked["country"],
        "revision": asked["revision"],
        "request": asked,
    }
    return job_config.freeze(
        *job_config.without(experiment, prepared.mapping, prepared.left_out),
        {
            "dataset_id": made_up,
            "mapping_version": "laptop",
            "uri": path.name,
            "generation": "0",
            "sha256": checksum,
        },
    )


def _json(path: Path) -> Any:
    try:
        return schema.parse(path.read_bytes())
    except OSError:
        raise InvalidInputError.of(str(path), "it can't be read") from None
    except ValueError as error:
        raise InvalidInputError.of(path.name, f"no JSON: {error}") from None
