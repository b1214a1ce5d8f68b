"""What a guarded deletion may take away, and what shows that it was seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from mmmflow.domain import experiment, paths
from mmmflow.domain.ids import content_hash

Kind = Literal["experiment_id", "revision", "country", "older_than_days"]
KINDS: tuple[Kind, ...] = (
    "experiment_id",
    "revision",
    "country",
    "older_than_days",
)
_TOKEN = 32  # characters of a hash


@dataclass(frozen=True)
class Selector:
    """What is to go.

    Attributes:
        kind: by what it is chosen.
        value: an experiment's id, a revision as "r-1", a country, or how many
            days ago the youngest of them has ended.
        champions: the ids of champions that may go too.
        mappings: whether a country's own mappings go with it.
    """

    kind: Kind
    value: str
    champions: frozenset[str] = frozenset()
    mappings: bool = False

    @property
    def country(self) -> str | None:
        """Whose data goes with its experiments."""
        return self.value if self.kind == "country" else None

    def as_json(self) -> dict[str, Any]:
        return {
            self.kind: int(self.value)
            if self.kind == "older_than_days"
            else self.value,
            "champions": sorted(self.champions),
            "mappings": self.mappings,
        }


def read(asked: Mapping[str, Any]) -> Selector:
    """The selector of a request that holds to deletion.json."""
    kind = next(kind for kind in KINDS if kind in asked)
    return Selector(
        kind,
        str(asked[kind]),
        frozenset(asked.get("champions", ())),
        asked.get("mappings", False),
    )


def is_chosen(
    data: Mapping[str, Any], selector: Selector, now: datetime
) -> bool:
    """Whether an experiment is one of those that the selector means.

    By age only what has ended is: how old is what still waits?
    """
    match selector.kind:
        case "experiment_id":
            return bool(data["id"] == selector.value)
        case "revision":
            revision = data["revision"]
            name = f"{revision['tag']}-{revision['number']}"
            return name == selector.value
        case "country":
            return bool(data["country"] == selector.value)
    before = now - timedelta(days=int(selector.value))
    ended = data["ended_at"]
    return ended is not None and datetime.fromisoformat(ended) < before


def why_kept(
    data: Mapping[str, Any], champions: Iterable[str], selector: Selector
) -> str | None:
    """Why a chosen experiment stays; None if it goes."""
    if not experiment.is_terminal(data):
        return f"it is {data['state']}: cancel it first"
    if experiment.is_stopping(data):
        return "its run is still being stopped: try again in a minute"
    if data["id"] in champions and data["id"] not in selector.champions:
        return "it is a champion: name it to delete it too"
    return None


def token(selector: Selector, names: Iterable[str]) -> str:
    """What is shown, as one word: nothing else is deleted by it.

    `names` are all experiments, documents and objects that would go, each
    object with its generation.
    """
    shown = {"selector": selector.as_json(), "names": sorted(names)}
    return content_hash(shown)[:_TOKEN]


def folders_of_dataset(country: str, dataset_id: str) -> tuple[str, str]:
    """The prefixes of all objects of a dataset: its rows, what was made."""
    marker = paths.dataset_marker(country, dataset_id)
    training = paths.training_data(country, dataset_id, "")
    return marker.removesuffix("dataset.json"), training


def require_removable(prefix: str) -> None:
    """Let pass only what is one thing's own: no room as a whole, no settings.

    Raises: ValueError.
    """
    room, *rest = prefix.rstrip("/").split("/")
    depth = _DEPTHS.get(room)
    whole = len(rest) != depth or "" in rest or not prefix.endswith("/")
    if depth is None or whole:
        raise ValueError(f"{prefix!r} is protected from deletion")


# How many folders deep the things of each room lie; other rooms are protected.
_DEPTHS: Mapping[str, int] = {
    "robyn": 3,
    "signals": 1,
    "datasets": 2,
    "training-data": 2,
    "metadata": 2,
    "models": 2,
}
