"""The tables of a result, page by page, from the CSV that the run wrote.

The CSV is brought to a file and read line by line: the tables of a large
search hold tens of thousands of rows, and pandas takes longer to import
than to answer.
"""

import csv
import itertools
import math
import tempfile
from pathlib import Path

from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Json, NotFoundError, Ports
from mmmflow.show import attempts

Cell = str | float | bool | None
_WORDS: dict[str, Cell] = {
    "": None,
    "True": True,
    "true": True,
    "TRUE": True,
    "False": False,
    "false": False,
    "FALSE": False,
    "NA": None,
}
_MODEL = "model_id"


def names(ports: Ports, id: str) -> list[str]:
    """The tables that the result has. Raises: NotFoundError."""
    found = attempts.files(ports, id, "tables")
    paths = (Path(file["name"]) for file in found)
    return sorted({path.stem for path in paths if path.suffix == ".csv"})


def page(
    ports: Ports, id: str, name: str, *, model_id: str, after: int, limit: int
) -> Json:
    """Rows from the `after`-th on, of one model where `model_id` names it.

    Raises:
        NotFoundError: the result has no such table.
        InvalidInputError: the table does not tell models apart.
    """
    if name not in names(ports, id):
        raise NotFoundError(f"table {name} of experiment {id}")
    object_name = attempts.object_name(ports, id, f"results/{name}.csv")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        ports.data.download(object_name, path)
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            columns = next(rows, [])
            if model_id and _MODEL not in columns:
                raise InvalidInputError.of(
                    _MODEL, f"the table {name} has no models", "leave it out"
                )
            place = columns.index(_MODEL) if model_id else 0
            wanted = (r for r in rows if not model_id or r[place] == model_id)
            found = list(itertools.islice(wanted, after, after + limit + 1))
    return {
        "table": name,
        "columns": columns,
        "rows": [[_cell(text) for text in row] for row in found[:limit]],
        "next": after + limit if len(found) > limit else None,
    }


def _cell(text: str) -> Cell:
    """A number, a truth value, nothing or a text: as it is written."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        number = float(text)
    except ValueError:
        return text
    if "_" in text:  # 1_2_1 is the id of a model
        return text
    return number if math.isfinite(number) else None
