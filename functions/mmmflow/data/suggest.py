"""A table's names and numbers as evidence for the mapping's suggestion."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from mmmflow.data import drivers
from mmmflow.domain import mapping_suggestion, naming_rules
from mmmflow.domain.mapping_suggestion import Evidence, Kind, Suggestion
from mmmflow.domain.naming_rules import NamingRules

# So many texts of a column are read; more tell nothing new.
_LOOKED_AT = 500
_KINDS: dict[str, Kind] = {
    "boolean": "boolean",
    "integer": "integer",
    "decimal": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "date": "date",
    "datetime": "date",
    "datetime64": "date",
}
_CODE = r"[A-Z]{2}"
_EQUAL = 0.005


def suggest(
    frame: pd.DataFrame, rules: NamingRules = naming_rules.DEFAULT
) -> Suggestion:
    """The mapping of a table's columns; names that repeat are taken once."""
    frame = frame.loc[:, ~frame.columns.duplicated()]
    sums = _sums(frame, rules)
    evidence = [
        _evidence(frame[name], str(name), sums.get(str(name), ()))
        for name in frame.columns
    ]

    def correlation(a: str, b: str) -> float:
        both = frame[[a, b]].apply(pd.to_numeric, errors="coerce").dropna()
        found = drivers.spearman(both[a], both[b]) if len(both) > 2 else 0.0
        return 0.0 if np.isnan(found) else found

    return mapping_suggestion.suggest(evidence, correlation, rules)


def _evidence(
    values: "pd.Series[Any]", name: str, sum_of: Sequence[str]
) -> Evidence:
    kind = _kind(values)
    known = values.dropna()
    base = Evidence(
        name=name,
        kind=kind,
        rows=len(values),
        nulls=int(values.isna().sum()),
        distinct=int(known.astype("object").nunique()),
        sum_of=tuple(sum_of),
    )
    if base.is_number and len(known):
        numbers = known.astype("float64")
        return Evidence(
            **{
                **base.__dict__,
                "zeros": int((numbers == 0).sum()),
                "minimum": float(numbers.min()),
                "maximum": float(numbers.max()),
                "mean": float(numbers.mean()),
            }
        )
    if kind == "text" and len(known):
        texts = known.astype(str).iloc[:_LOOKED_AT]
        parsed = texts.map(_is_date)
        return Evidence(
            **{
                **base.__dict__,
                "parses": float(parsed.mean()),
                "codes": bool(texts.str.fullmatch(_CODE).all()),
            }
        )
    return base


def _kind(values: "pd.Series[Any]") -> Kind:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    if pd.api.types.is_float_dtype(values):
        known = values.dropna()
        whole = len(known) < len(values) and (known == known.round()).all()
        return "integer" if whole and len(known) else "number"
    return _KINDS.get(pd.api.types.infer_dtype(values, skipna=True), "text")


def _is_date(text: str) -> bool:
    """As preparation reads dates: 2024-12-31, with or without a time."""
    try:
        pd.Timestamp.fromisoformat(text)
    except ValueError:
        return False
    return len(text) >= 8


def _sums(
    frame: pd.DataFrame, rules: NamingRules
) -> dict[str, tuple[str, ...]]:
    """Columns that are the sum of all named spends: a total to leave out."""
    spends = [
        str(name)
        for name in frame.columns
        if naming_rules.interpret(str(name), rules).role == "paid_spend"
        and pd.api.types.is_numeric_dtype(frame[name])
    ]
    found = {}
    numbers = [
        str(name)
        for name in frame.columns
        if pd.api.types.is_numeric_dtype(frame[name])
    ]
    for name in numbers:
        parts = [other for other in spends if other != name]
        if len(parts) < 2:
            continue
        for chosen in (parts, *_without_one(parts)):
            total = frame[chosen].sum(axis=1)
            if np.allclose(total, frame[name].fillna(0), rtol=_EQUAL, atol=1):
                if frame[name].abs().sum() > 0:
                    found[name] = tuple(chosen)
                break
    return found


def _without_one(parts: Sequence[str]) -> list[list[str]]:
    """Every choice of all but one, where another total is among them."""
    return [list(c) for c in combinations(parts, len(parts) - 1)][:50]
