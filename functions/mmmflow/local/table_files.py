"""A file on this machine looked at as a dataset would be: path in, JSON out.

Nothing is kept: the file is read as `ingest` reads an upload, and prepared
as `prepare` would with the mapping.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmmflow import schema
from mmmflow.data import mappings
from mmmflow.domain import mapping as data_mapping
from mmmflow.domain import mapping_diff
from mmmflow.domain.errors import InvalidInputError
from mmmflow.local.main_job import EVERYTHING
from mmmflow.ports import Json


def suggest(path: Path, rules: Path | None = None) -> Json:
    """The mapping for a CSV or Parquet file, with the reason of each choice.

    `rules` is a naming_rules.json.

    Raises: InvalidInputError.
    """
    given = None if rules is None else _json(rules)
    with _as_parquet(path) as parquet:
        return mappings.suggest(parquet, given).as_json()


def check(mapping: Path, path: Path) -> list[Json]:
    """The differences between a mapping and the columns of a file.

    Raises: InvalidInputError.
    """
    import pyarrow.parquet as pq

    document = _json(mapping)
    with _as_parquet(path) as parquet:
        fields = pq.read_schema(parquet)
    columns = {field.name: str(field.type) for field in fields}
    found = mappings.validate(document, columns)
    return [difference.as_json() for difference in found]


def diff(before: Path, after: Path) -> list[str]:
    """What changed from one mapping to the other, a line a change.

    Raises: InvalidInputError.
    """
    documents = [mappings.parse(_bytes(path))[0] for path in (before, after)]
    return [str(change) for change in mapping_diff.diff(*documents)]


def quality(
    path: Path,
    mapping: Path | None = None,
    countries: Sequence[str] = (),
) -> list[Json]:
    """A quality report for each country of a file, or for those named.

    Without a mapping the suggested one is used.

    Raises: InvalidInputError.
    """
    from mmmflow.data import preparation, quality_report, rows

    with _as_parquet(path) as parquet:
        content = (
            mappings.suggest(parquet).mapping
            if mapping is None
            else _json(mapping)
        )
        schema.require("mapping.json", content)
        meaning = data_mapping.read(content)
        wanted = countries or rows.countries(parquet, meaning) or [EVERYTHING]
        return [
            quality_report.of(
                preparation.prepare(
                    rows.read(parquet, meaning, country),
                    meaning,
                    country,
                    _beside(path),
                ),
                dataset_id=None,
                mapping_version=None,
                country=country,
            )
            for country in wanted
        ]


@contextmanager
def _as_parquet(path: Path) -> Iterator[Path]:
    from mmmflow.data import files

    _require_file(path)
    with files.as_parquet(path) as raw:
        yield raw


def _beside(path: Path) -> Callable[[str, str], bytes]:
    """Annotations are looked for in the folder of the file."""

    def read(name: str, generation: str) -> bytes:
        del generation
        return _bytes(path.parent / name)

    return read


def _json(path: Path) -> Json:
    try:
        found: Json = schema.parse(_bytes(path))
    except ValueError as error:
        raise InvalidInputError.of(path.name, f"no JSON: {error}") from None
    return found


def _bytes(path: Path) -> bytes:
    _require_file(path)
    return path.read_bytes()


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise InvalidInputError.of(str(path), "there is no such file")
