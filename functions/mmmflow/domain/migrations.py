"""Documents of older schema versions, made into what is written today.

Each migration is pure and idempotent. Readers accept the version before, so
that a migration may come at any time after the new code, or never.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]


@dataclass(frozen=True)
class Migration:
    """How a document of the version before becomes one of `version`.

    `is_before` tells the documents that it is for.
    """

    version: int
    is_before: Callable[[Mapping[str, Any]], bool]
    change: Callable[[Mapping[str, Any]], Data]


def migrated(collection: str, data: Mapping[str, Any]) -> Data:
    """The document as it is written today, through every version between."""
    current = dict(data)
    for migration in MIGRATIONS.get(collection, ()):
        if migration.is_before(current):
            current = migration.change(current)
    return current


def _has_mapping_1(data: Mapping[str, Any]) -> bool:
    """A refused mapping may have no content."""
    content = data["content"]
    return content is not None and content["schema_version"] == 1


def _mapping_2(data: Mapping[str, Any]) -> Data:
    """What version 1 of mapping.json has means the same in version 2."""
    return {**data, "content": {**data["content"], "schema_version": 2}}


# By collection, the oldest version first.
MIGRATIONS: Mapping[str, tuple[Migration, ...]] = {
    "mappings": (Migration(2, _has_mapping_1, _mapping_2),),
}
