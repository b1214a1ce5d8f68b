"""What a dropped CSV is written in: its encoding, separator and columns."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from mmmflow.domain.errors import InvalidInputError, Problem

Opened = Callable[[], BinaryIO]

_CHUNK = 1024 * 1024
_SAMPLE = 256 * 1024
_SAMPLE_LINES = 100
_SEPARATORS = (",", ";", "\t", "|")
_MAX_COLUMNS = 2000
# Whatever it was packed into: what is read in all.
MAX_BYTES = 8 * 1024**3


@dataclass(frozen=True)
class Format:
    """`encoding` is utf-8, utf-16 or cp1252; `names` those of the header."""

    encoding: str
    separator: str
    names: list[str]


def detect(opened: Opened, name: str) -> Format:
    """Read the file once for its encoding; the rest is told by its begin.

    Raises:
        InvalidInputError: it is empty, in no known encoding, or its columns
            have no names.
    """
    encoding = _encoding(opened, name)
    with opened() as file:
        begin = file.read(_SAMPLE)
    decoder = codecs.getincrementaldecoder(
        "utf-8-sig" if encoding == "utf-8" else encoding
    )("replace")
    text = decoder.decode(begin)
    separator = _separator(text)
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    names = next((row for row in rows if row), [])
    _require_names(names, name)
    return Format(encoding, separator, names)


def _encoding(opened: Opened, name: str) -> str:
    """UTF-16 by its mark or zeros; UTF-8 if every byte is; else cp1252."""
    with opened() as file:
        begin = file.read(2000)
    if not begin:
        raise InvalidInputError.of(name, "the file is empty")
    if begin[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if b"\0" in begin:
        raise InvalidInputError.of(
            name, "it holds binary data", "save it as CSV, encoded as UTF-8"
        )
    for encoding in ("utf-8", "cp1252"):
        if _is_all(opened, encoding, name):
            return encoding
    raise InvalidInputError.of(
        name, "it is neither UTF-8, UTF-16 nor Windows-1252", "save it as UTF-8"
    )


def _is_all(opened: Opened, encoding: str, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    size = 0
    with opened() as file:
        try:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise InvalidInputError.of(
                        name,
                        f"it has more than {MAX_BYTES // 1024**3} GiB",
                        "put it into the warehouse, and name it as a table",
                    )
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _separator(text: str) -> str:
    """The sign that cuts most lines into the same number of columns."""
    best, found = (0.0, 1), ","
    for separator in _SEPARATORS:
        lines = text.splitlines()[: _SAMPLE_LINES + 1]
        if len(lines) > _SAMPLE_LINES:
            lines.pop()  # it may be cut
        widths = Counter(
            len(row) for row in csv.reader(lines, delimiter=separator) if row
        )
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / widths.total(), width)
        if width > 1 and score > best:
            best, found = score, separator
    return found


def _require_names(names: list[str], name: str) -> None:
    problems = []
    if len(names) > _MAX_COLUMNS:
        problems.append(
            Problem(name, f"{len(names)} columns, more than {_MAX_COLUMNS}")
        )
    if not names:
        problems.append(Problem(name, "the file has no header"))
    problems += [
        Problem(f"{name}, column {index}", "it has no name in the header")
        for index, column in enumerate(names, start=1)
        if not column.strip()
    ]
    problems += [
        Problem(
            f"column {column!r}",
            f"it comes {times} times",
            "give each column a name of its own",
        )
        for column, times in Counter(names).items()
        if times > 1 and column.strip()
    ]
    if problems:
        raise InvalidInputError(problems)
