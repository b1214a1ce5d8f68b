"""What a deletion would take away: looked up, and changed by nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from mmmflow.control import removals
from mmmflow.domain import deletion, paths
from mmmflow.domain.deletion import Selector
from mmmflow.ports import Document, Json, ObjectInfo, Order, Ports, Where

MOST = 500  # experiments, and uploads, that a deletion's document names
_PAGE = 200
_SHOWN = 50


@dataclass(frozen=True)
class Plan:
    """What would go, and what of it is kept, each with the reason.

    Attributes:
        experiments: those that go, champions last: of what goes none takes
            a champion's place.
        kept: (id, why) of those that are meant, and stay.
        datasets, mappings: the ids of documents that go with their objects.
        objects: of the bucket `data`; `uploads` of the other.
        more: whether there is more than goes at once.
    """

    selector: Selector
    experiments: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]
    datasets: tuple[str, ...]
    mappings: tuple[str, ...]
    objects: tuple[ObjectInfo, ...]
    uploads: tuple[ObjectInfo, ...]
    more: bool

    @property
    def token(self) -> str:
        return deletion.token(
            self.selector,
            [
                *(f"experiments/{id}" for id in self.experiments),
                *(f"datasets/{id}" for id in self.datasets),
                *(f"mappings/{id}" for id in self.mappings),
                *(f"data/{o.name}#{o.generation}" for o in self.objects),
                *(f"uploads/{o.name}#{o.generation}" for o in self.uploads),
            ],
        )

    def as_json(self) -> Json:
        every = [*self.objects, *self.uploads]
        return {
            "selector": self.selector.as_json(),
            "experiments": list(self.experiments),
            "kept": [{"id": id, "why": why} for id, why in self.kept],
            "datasets": list(self.datasets),
            "mappings": list(self.mappings),
            "uploads": [one.name for one in self.uploads[:_SHOWN]],
            "objects": len(every),
            "bytes": sum(one.size for one in every),
            "more": self.more,
            "confirm": self.token,
        }


def plan(ports: Ports, selector: Selector) -> Plan:
    """All that the selector means, of up to `MOST` experiments."""
    now = ports.clock.now()
    champions = {
        one.data["experiment_id"] for one in ports.documents.query("champions")
    }
    going: list[Document] = []
    kept: list[tuple[str, str]] = []
    more = False
    for document in _experiments(ports, selector):
        if not deletion.is_chosen(document.data, selector, now):
            continue
        why = deletion.why_kept(document.data, champions, selector)
        if why is not None:
            kept.append((document.id, why))
        elif len(going) == MOST:
            more = True
            break
        else:
            going.append(document)
    going.sort(key=lambda one: (one.id in champions, one.id))
    ids = {one.id for one in going}
    datasets = [] if more else _datasets(ports, selector, ids)
    mappings = [] if more or kept else _mappings(ports, selector)
    prefixes = [
        *(p for one in going for p in removals.prefixes(one.data)),
        *(p for one in datasets for p in dataset_prefixes(one.data)),
        *(mapping_prefix(id) for id in mappings),
    ]
    objects = [info for p in prefixes for info in ports.data.list(p)]
    dropped = [] if more else _uploads(ports, selector)
    return Plan(
        selector,
        tuple(one.id for one in going),
        tuple(kept),
        tuple(one.id for one in datasets),
        tuple(mappings),
        tuple(objects),
        tuple(dropped[:MOST]),
        more or len(dropped) > MOST,
    )


def dataset_prefixes(data: Json) -> tuple[str, ...]:
    return deletion.folders_of_dataset(data["country"], data["id"])


def mapping_prefix(id: str) -> str:
    """Of the object of the mapping scope~version."""
    scope, _, version = id.partition("~")
    return paths.mapping_marker(scope, version).removesuffix("mapping.json")


def _uploads(ports: Ports, selector: Selector) -> list[ObjectInfo]:
    """The files that were dropped for the selector's country."""
    if selector.country is None:
        return []
    return ports.uploads.list(f"{selector.country}/")


def is_used(ports: Ports, dataset_id: str, besides: set[str]) -> bool:
    """Whether an experiment that stays has, or wants, the dataset."""
    for field in ("dataset_id", "config.dataset_id"):
        where = [Where(field, "==", dataset_id)]
        found = ports.documents.query(
            "experiments", where, limit=len(besides) + 1
        )
        if any(one.id not in besides for one in found):
            return True
    return False


def _experiments(ports: Ports, selector: Selector) -> Iterator[Document]:
    """Those that it may mean, page by page, the oldest first."""
    if selector.kind == "experiment_id":
        found = ports.documents.get("experiments", selector.value)
        yield from [found] if found else []
        return
    after = ""
    while True:
        page = ports.documents.query(
            "experiments",
            [Where("id", ">=", after)] if after else [],
            [Order("id")],
            _PAGE + 1,
        )
        yield from page[:_PAGE]
        if len(page) <= _PAGE:
            return
        after = page[-1].id


def _datasets(
    ports: Ports, selector: Selector, going: set[str]
) -> list[Document]:
    if selector.country is None:
        return []
    of_country = [Where("country", "==", selector.country)]
    found = ports.documents.query("datasets", of_country)
    return [one for one in found if not is_used(ports, one.id, going)]


def _mappings(ports: Ports, selector: Selector) -> list[str]:
    """The ids of the country's own, also of objects not taken up yet."""
    if selector.country is None or not selector.mappings:
        return []
    of_scope = [Where("scope", "==", selector.country)]
    known = {one.id for one in ports.documents.query("mappings", of_scope)}
    for info in ports.data.list(f"metadata/{selector.country}/"):
        marker = paths.parse_mapping_marker(info.name)
        if marker is not None:
            known.add("~".join(marker))
    return sorted(known)
