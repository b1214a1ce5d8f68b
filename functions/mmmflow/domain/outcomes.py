"""What a dataset's document keeps of its preparations: the newest.

Each mapping and each experiment's own way makes one more; a document has its
limits. What was left out is made again, from the same rows into the same
objects, once an experiment wants it.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

Data = dict[str, Any]

MOST = 200
MOST_BYTES = 400_000
_FIELDS = ("trainings", "refusals")


def recorded(
    data: Mapping[str, Any],
    field: Literal["trainings", "refusals"],
    key: str,
    outcome: Any,
) -> Data:
    """The dataset with what was made under the key, or why nothing can be.

    Besides this one stay what the dataset was prepared with first, and the
    newest: at most `MOST` in all, in about `MOST_BYTES`.
    """
    changed = {**data, field: {**data.get(field, {}), key: outcome}}
    by_age = [*(k for k in _by_age(data) if k != key), key]
    kept = {key, data["prepared_with"]} & set(by_age)
    room = MOST_BYTES - sum(_size(changed, one) for one in kept)
    for one in reversed(by_age):
        room -= 0 if one in kept else _size(changed, one)
        if room < 0 or len(kept) == MOST:
            break
        kept.add(one)
    changed["by_age"] = [one for one in by_age if one in kept]
    for name in _FIELDS:
        entries = changed.get(name, {})
        changed[name] = {k: v for k, v in entries.items() if k in kept}
    return changed


def _by_age(data: Mapping[str, Any]) -> list[str]:
    """Keys, the oldest first; those from before ages were noted lead."""
    known = {key: None for name in _FIELDS for key in data.get(name, {})}
    noted = data.get("by_age", [])
    return [*(key for key in known if key not in noted), *noted]


def _size(data: Mapping[str, Any], key: str) -> int:
    entries = [data.get(name, {}).get(key) for name in _FIELDS]
    return len(json.dumps(entries, ensure_ascii=False).encode())
