"""What the API shows of mappings."""

from mmmflow.ports import Document, Json, NotFoundError, Order, Ports, Where


def index(ports: Ports, scope: str | None, limit: int) -> list[Json]:
    """The newest mappings of a country, of "universal", or of all."""
    found = ports.documents.query(
        "mappings",
        where=[Where("scope", "==", scope)] if scope else [],
        order_by=[Order("created_at", descending=True)],
        limit=limit,
    )
    return [_short(document) for document in found]


def show(ports: Ports, scope: str, version: str) -> Json:
    """A mapping with its content. Raises: NotFoundError."""
    document = ports.documents.get("mappings", f"{scope}~{version}")
    if document is None:
        raise NotFoundError(f"mapping {version} of {scope}")
    return {**_short(document), "content": document.data["content"]}


def _short(document: Document) -> Json:
    fields = ("scope", "version", "state", "problems", "created_at")
    return {
        "id": document.id,
        **{field: document.data[field] for field in fields},
    }
