"""Every document of an older schema version, brought to today's."""

from collections.abc import Iterator
from dataclasses import dataclass

from mmmflow.domain import migrations
from mmmflow.messaging import outbox
from mmmflow.ports import Document, Json, Order, Ports, Update, Where

PAGE = 200


@dataclass(frozen=True)
class Page:
    """What was done to up to `PAGE` documents of a collection.

    Attributes:
        seen: how many were looked at.
        changed: how many were brought to today's version, or would be.
        following: the id that the next page begins with; None after the last.
    """

    collection: str
    seen: int
    changed: int
    following: str | None

    def as_json(self) -> Json:
        return {
            "collection": self.collection,
            "seen": self.seen,
            "changed": self.changed,
            "next": self.following,
        }


def collections() -> list[str]:
    """Those that have documents of more than one version."""
    return sorted(migrations.MIGRATIONS)


def migrate(
    ports: Ports, collection: str, first: str | None, *, dry_run: bool
) -> Page:
    """Bring a page of documents to today's version, each by compare-and-set.

    Done twice, or by two at once, the outcome is the same.
    """
    found = ports.documents.query(
        collection,
        [Where("id", ">=", first)] if first else [],
        [Order("id")],
        PAGE + 1,
    )
    page, rest = found[:PAGE], found[PAGE:]
    changed = sum(
        _migrate(ports, document, dry_run=dry_run) for document in page
    )
    return Page(collection, len(page), changed, rest[0].id if rest else None)


def every_page(ports: Ports, *, dry_run: bool) -> Iterator[Page]:
    """All documents of all collections, for progress page by page."""
    for collection in collections():
        following: str | None = None
        while True:
            page = migrate(ports, collection, following, dry_run=dry_run)
            yield page
            following = page.following
            if following is None:
                break


def _migrate(ports: Ports, document: Document, *, dry_run: bool) -> bool:
    """Whether the document was of an older version."""
    current: Document | None = document
    while current is not None:
        data = migrations.migrated(current.collection, current.data)
        if data == current.data:
            return False
        if dry_run:
            return True
        update = Update(current.collection, current.id, current.version, data)
        if outbox.commit(ports, [update]):
            return True
        current = ports.documents.get(document.collection, document.id)
    return False
