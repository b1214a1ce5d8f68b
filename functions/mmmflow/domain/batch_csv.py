"""A batch as CSV: one experiment a row, one field a column.

A nested field's name has dots, as `window.start` and
`hyperparameters.tv_spend_thetas`. An empty cell is a field that is not given,
so rows may differ in what they give. Lists are written `0.3;0.8`, or as JSON.
Comma, semicolon and tab are told apart by the header.
"""

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mmmflow.domain.errors import InvalidInputError, Problem

Kind = Literal[
    "text", "integer", "number", "boolean", "numbers", "texts", "range", "json"
]
_DELIMITERS = (",", ";", "\t")
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d{1,30}")
_BOOLEAN = re.compile(r"true|false", re.IGNORECASE)
_EXPECTED: Mapping[Kind, str] = {
    "integer": "a whole number",
    "number": "a number, with a point",
    "boolean": "true or false",
    "numbers": "numbers, as 0.3;0.8",
    "texts": "words, as trend;season",
    "range": "a number, or a range as 0.3;0.8",
    "json": "JSON",
}


@dataclass(frozen=True)
class Row:
    """One experiment as far as it could be read; the first row is row 1."""

    number: int
    experiment: dict[str, Any]
    problems: tuple[Problem, ...] = ()

    def placed(self, problem: Problem) -> Problem:
        """The problem, with where it is in the batch."""
        row = f"row {self.number}"
        if not problem.where:
            return replace(problem, where=row)
        return replace(problem, where=f"{row}, column {problem.where!r}")


class Columns:
    """The names that columns may have, by the JSON Schema of a row.

    `resolve` gives what a `$ref` of the schema names.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        resolve: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self._schema = schema
        self._resolve = resolve

    @property
    def names(self) -> list[str]:
        """The fields of the first level."""
        return list(self._schema["properties"])

    def path(self, name: str) -> tuple[tuple[str, ...], Kind] | None:
        """Where the column's cells belong and what they hold, if anywhere."""
        node, parts = self._schema, name.split(".")
        for depth, part in enumerate(parts):
            inner = self._node(node.get("properties", {}).get(part))
            if inner is None:
                rest = self._node(node.get("additionalProperties"))
                key = ".".join(parts[depth:])
                if rest is None or not key or not depth:
                    return None
                return (*parts[:depth], key), self._kind(rest)
            node = inner
        return tuple(parts), self._kind(node)

    def _node(self, node: Any) -> Mapping[str, Any] | None:
        if not isinstance(node, Mapping):
            return None
        return self._resolve(node["$ref"]) if "$ref" in node else node

    def _kind(self, node: Mapping[str, Any]) -> Kind:
        if "oneOf" in node:
            return "range"
        types = node.get("type", "string")
        type_ = types if isinstance(types, str) else types[0]
        if type_ == "array":
            return self._list_kind(self._node(node["items"]) or {})
        kinds: dict[str, Kind] = {
            "string": "text",
            "integer": "integer",
            "number": "number",
            "boolean": "boolean",
        }
        return kinds.get(type_, "json")

    @staticmethod
    def _list_kind(items: Mapping[str, Any]) -> Kind:
        alternatives = items.get("oneOf", [items])
        types = {one.get("type", "string") for one in alternatives}
        if "string" in types:
            return "texts"
        return "numbers" if "number" in types else "json"


def rows(
    lines: Iterable[bytes], columns: Columns, *, limit: int
) -> Iterator[Row]:
    """The rows of a file, read as they are asked for.

    Raises:
        InvalidInputError: the header is wrong, a row can't be told from the
            next, or there are more rows than the limit: not all is read.
    """
    text = _text(lines)
    first = next(text, "")
    declared = re.fullmatch(r"sep=(.)\r?\n?", first)
    delimiter = declared[1] if declared else _delimiter(first)
    head = [] if declared else [first]
    cells = csv.reader(_chain(head, text), delimiter=delimiter, strict=True)
    number = 0
    try:
        header = [name.strip() for name in next(cells, [])]
        places = _places(header, columns)
        for row in cells:
            if not any(cell.strip() for cell in row):
                continue
            number += 1
            require_few(number, limit)
            yield _row(number, row, header, places)
    except csv.Error as error:
        raise InvalidInputError.of(
            f"row {number + 1}", f"it is no CSV: {error}", "is a quote open?"
        ) from None


def require_few(number: int, limit: int) -> None:
    """Raises: InvalidInputError: row `number` is one too many."""
    if number > limit:
        raise InvalidInputError.of(
            "rows",
            f"more than {limit} rows",
            "split the file into several batches",
        )


def _text(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if number == 1 and line.startswith(_WIDE_BOMS):
            raise InvalidInputError.of(
                "body", "it is UTF-16", "save it as CSV UTF-8"
            )
        content = line.removeprefix(_BOM) if number == 1 else line
        try:
            yield content.decode()
        except UnicodeDecodeError:
            raise InvalidInputError.of(
                f"line {number}", "it is not UTF-8", "save it as CSV UTF-8"
            ) from None


def _chain(head: list[str], rest: Iterator[str]) -> Iterator[str]:
    yield from head
    yield from rest


def _delimiter(header: str) -> str:
    """The sign that separates most names outside of quotes."""
    outside = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=outside.count)


Place = tuple[tuple[str, ...], Kind]


def _places(header: list[str], columns: Columns) -> list[Place]:
    if not any(header):
        raise InvalidInputError.of(
            "header", "there is none", "the first row names the columns"
        )
    problems = []
    places = []
    for position, name in enumerate(header, start=1):
        place = columns.path(name)
        if place is None:
            what = "no such field" if name else "it has no name"
            where = f"column {name!r}" if name else f"column {position}"
            known = f"known: {', '.join(columns.names)}"
            problems.append(Problem(where, what, known))
        else:
            places.append(place)
    counts = Counter(path for path, _ in places)
    for path, count in counts.items():
        where = f"column {'.'.join(path)!r}"
        if count > 1:
            problems.append(Problem(where, f"it is there {count} times"))
        if any(path[:depth] in counts for depth in range(1, len(path))):
            outer = ".".join(path[:1])
            problems.append(
                Problem(where, f"there is a column {outer!r} for it too")
            )
    if problems:
        raise InvalidInputError(problems)
    return places


def _row(
    number: int, cells: list[str], header: list[str], places: list[Place]
) -> Row:
    experiment: dict[str, Any] = {}
    problems = []
    if any(cell.strip() for cell in cells[len(header) :]):
        problems.append(
            Problem("", f"{len(cells)} cells under {len(header)} columns")
        )
    for cell, name, (path, kind) in zip(cells, header, places, strict=False):
        text = cell.strip()
        if not text:
            continue
        try:
            _put(experiment, path, _value(text, kind))
        except ValueError:
            problems.append(Problem(name, f"{text!r} is not {_EXPECTED[kind]}"))
    return Row(number, experiment, tuple(problems))


def _put(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        target = target.setdefault(part, {})
    target[path[-1]] = value


def _value(text: str, kind: Kind) -> Any:
    """Raises: ValueError."""
    if kind == "text":
        return text
    if kind == "json" or text.startswith(("[", "{")):
        return _json(text)
    return _READERS[kind](text)


def _json(text: str) -> Any:
    """Raises: ValueError: it is none, or can't be stored."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError(text) from None
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _numbers(text: str) -> list[int | float]:
    return [_number(part) for part in _parts(text)]


def _range(text: str) -> Any:
    numbers = _numbers(text)
    return numbers[0] if len(numbers) == 1 else numbers


def _number(text: str) -> int | float:
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(_matching(_NUMBER, text))
    if math.isinf(number):
        raise ValueError(text)
    return number


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _boolean(text: str) -> bool:
    return _matching(_BOOLEAN, text).lower() == "true"


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    "integer": lambda text: int(_matching(_INTEGER, text)),
    "number": _number,
    "boolean": _boolean,
    "texts": _parts,
    "numbers": _numbers,
    "range": _range,
}
