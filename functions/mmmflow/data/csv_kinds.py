"""What the texts of a CSV's column mean: numbers, days, times, truths, text.

A column is of a kind if each of its values is; of the kinds that are left
the first in the order below is meant. Two of them may both be left and mean
different things: 03/04/2024, and 1.234 in a file without any other decimal.
Such a column is refused with both readings, never guessed.
"""

import re
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

Form = Literal["integer", "number", "truth", "day", "time"]

NULLS = ["", "NA", "N/A", "#N/A", "n/a", "NULL", "null", "NaN", "nan", "None"]
_FIRST = 1000  # values that drop most kinds before all are looked at

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_CLOCK = r"[ T](?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)"
_DAY = r"(?P<d>0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?P<m>0?[1-9]|1[0-2])"
_YEAR = r"(?P<y>\d{4})"


@dataclass(frozen=True)
class Kind:
    """A way to read values, and the pattern that each of them meets.

    Attributes:
        says: the format of days as strftime writes it, for people.
        order: of day and month: "dm", "md", or "" where the year is first.
        decimal, thousands: the signs of a number.
    """

    form: Form
    pattern: str
    says: str = ""
    order: str = ""
    decimal: str = ""
    thousands: str = ""


def _number(decimal: str, thousands: str) -> Kind:
    mark = rf"\{decimal}"
    grouped = rf"|[1-9]\d{{0,2}}(?:[{thousands}]\d{{3}})+" if thousands else ""
    whole = rf"(?:\d+{grouped})"
    pattern = rf"[+-]?(?:{whole}(?:{mark}\d*)?|{mark}\d+){_EXPONENT}"
    return Kind("number", pattern, decimal=decimal, thousands=thousands)


def _days() -> list[Kind]:
    kinds = [
        Kind("day", rf"{_YEAR}{mark}{_MONTH}{mark}{_DAY}", f"%Y{s}%m{s}%d")
        for s, mark in (("-", "-"), ("/", "/"), (".", r"\."))
    ]
    compact = (
        r"(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"
    )
    kinds.append(Kind("day", compact, "%Y%m%d"))
    for s, mark in (("/", "/"), (".", r"\."), ("-", "-")):
        for year, y in ((_YEAR, "%Y"), (r"(?P<y>\d{2})", "%y")):
            dm = rf"{_DAY}{mark}{_MONTH}{mark}{year}"
            md = rf"{_MONTH}{mark}{_DAY}{mark}{year}"
            kinds.append(Kind("day", dm, f"%d{s}%m{s}{y}", "dm"))
            kinds.append(Kind("day", md, f"%m{s}%d{s}{y}", "md"))
    return kinds


def _timed(day: Kind) -> Kind:
    """The same, with the time of day behind some of the values."""
    pattern = f"{day.pattern}(?:{_CLOCK})?"
    return Kind("time", pattern, f"{day.says} %H:%M:%S", day.order)


_DAYS = _days()
KINDS = (
    *_DAYS,
    *(_timed(day) for day in _DAYS),
    Kind("integer", r"[+-]?\d+"),
    *(_number(*signs) for signs in ((".", ""), (",", ""))),
    *(_number(".", thousands) for thousands in (",", "'", " \u00a0\u202f")),
    *(_number(",", thousands) for thousands in (".", "'", " \u00a0\u202f")),
    Kind("truth", r"(?i:true|false)"),
)


class Reading:
    """What a column's values have in common, block by block."""

    def __init__(self) -> None:
        self._left: list[Kind] = list(KINDS)
        self._any = False
        self._digits = 0
        self._example = ""

    def see(self, texts: pa.Array) -> None:
        """Drop the kinds that some value of the block is not of."""
        if not self._left:
            return  # it is text, whatever follows
        self._drop(clean(texts[:_FIRST]).drop_null())
        values = clean(texts).drop_null() if self._left else texts[:0]
        self._any = self._any or len(values) > 0 or not self._left
        self._drop(values)
        if not len(values):
            return
        longest = pc.max(pc.binary_length(values)).as_py()
        self._digits = max(self._digits, longest)
        if not self._example:
            self._example = _telling(values)

    def _drop(self, values: pa.Array) -> None:
        numeric = False
        left = []
        for kind in self._left:
            if not (numeric and kind.form == "number"):
                if not _all_are(values, kind):
                    continue
                numeric = numeric or kind.form == "integer"
            left.append(kind)  # an integer is a number in every notation
        self._left = left

    def kinds(self) -> list[Kind]:
        """The readings that differ: none for text, two if it is ambiguous."""
        if not self._any or not self._left:
            return []
        first = self._left[0]
        if first.form in ("day", "time"):
            orders = {k.order: k for k in self._left if k.form == first.form}
            return list(orders.values())
        if first.form != "number":
            return [first]
        points, commas = (
            next((k for k in self._left if k.decimal == sign), None)
            for sign in ".,"
        )
        if points is None or commas is None:
            return [first]
        same = points.thousands == commas.thousands
        return [points] if same else [points, commas]

    @property
    def digits(self) -> int:
        """The length of the longest value."""
        return self._digits

    @property
    def example(self) -> str:
        return self._example


def clean(texts: pa.Array) -> pa.Array:
    """Without the blanks around, and null where nothing is said."""
    trimmed = pc.utf8_trim_whitespace(texts)
    empty = pc.is_in(trimmed, value_set=pa.array(NULLS))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def _all_are(values: pa.Array, kind: Kind) -> bool:
    met = pc.match_substring_regex(values, f"^(?:{kind.pattern})$")
    return bool(pc.all(met).as_py())


def _telling(values: pa.Array) -> str:
    """A value whose day and month differ, if the first ones have one."""
    for value in values[:_FIRST].to_pylist():
        parts = re.split(r"[./-]", value)
        if len(parts) < 2 or parts[0].lstrip("0") != parts[1].lstrip("0"):
            return str(value)
    return ""


def convert(texts: pa.Array, kind: Kind | None, digits: int) -> pa.Array:
    """The values of a column as its kind; text if it is of none.

    Raises: pa.ArrowInvalid: a day that no calendar has.
    """
    values = clean(texts)
    if kind is None:
        return values
    if kind.form == "integer":
        wide = pa.decimal128(38, 0) if digits > 18 else pa.int64()
        return pc.replace_substring(values, "+", "").cast(wide)
    if kind.form == "truth":
        return pc.utf8_lower(values).cast(pa.bool_())
    if kind.form == "number":
        for sign in kind.thousands:
            values = pc.replace_substring(values, sign, "")
        plain = pc.replace_substring(values, kind.decimal, ".")
        return pc.replace_substring_regex(plain, r"^\+", "").cast(pa.float64())
    return _moments(values, kind)


def _moments(values: pa.Array, kind: Kind) -> pa.Array:
    parts = pc.extract_regex(values, f"^(?:{kind.pattern})$")
    year, month, day = (pc.struct_field(parts, name) for name in "ymd")
    if kind.says.startswith(("%d", "%m")) and "%y" in kind.says:
        late = pc.greater_equal(year, "70")
        year = pc.binary_join_element_wise(
            pc.if_else(late, "19", "20"), year, ""
        )
    month, day = (pc.utf8_lpad(part, 2, "0") for part in (month, day))
    days = pc.binary_join_element_wise(year, month, day, "-").cast(pa.date32())
    if kind.form == "day":
        return days
    clock = pc.struct_field(parts, "clock")
    said = pc.if_else(pc.equal(clock, ""), "00:00", clock)
    padded = pc.if_else(
        pc.match_substring_regex(said, r"^\d:"),
        pc.binary_join_element_wise("0", said, ""),
        said,
    )
    text = pc.binary_join_element_wise(days.cast(pa.string()), padded, " ")
    return text.cast(pa.timestamp("us"))
