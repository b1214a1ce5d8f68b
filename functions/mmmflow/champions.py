"""The champion of a country and goal: a document, and files that show it."""

import json
from typing import Any

from mmmflow import outbox
from mmmflow.domain import paths, ranking
from mmmflow.domain.experiment import State
from mmmflow.outbox import Outgoing
from mmmflow.ports import (
    ConflictError,
    Create,
    Delete,
    Document,
    Json,
    NotFoundError,
    Order,
    Ports,
    Update,
    Where,
)

# Results that are committed and perhaps not ranked yet.
UNRANKED = "unranked"
_AT_ONCE = 50


def id_of(country: str, goal: str) -> str:
    return f"{country}~{paths.safe(goal)}"


def losing(champion: Document) -> Update:
    """The write that goes with the deletion of an experiment it ranked.

    It counts the deletion, and fails if the champion changed meanwhile.
    """
    deleted = champion.data.get("deleted", 0) + 1
    data = {**champion.data, "deleted": deleted}
    return Update("champions", champion.id, champion.version, data)


def unranked(ports: Ports, experiment: Json) -> Create:
    """The write, with a result's commit, by which it is sure to be ranked."""
    return Create(
        UNRANKED,
        experiment["id"],
        {
            "country": experiment["country"],
            "goal": experiment["goal"],
            "created_at": ports.clock.now().isoformat(),
        },
    )


def rank(ports: Ports, experiment: Json) -> None:
    """Let the experiment's result count."""
    update(ports, experiment["country"], experiment["goal"])
    ports.documents.commit([Delete(UNRANKED, experiment["id"])])


def rank_overdue(ports: Ports, before: str) -> None:
    """Let those results count whose handler died before it ranked them."""
    found = ports.documents.query(
        UNRANKED,
        where=[Where("created_at", "<=", before)],
        order_by=[Order("created_at")],
        limit=_AT_ONCE,
    )
    for document in found:
        rank(ports, {**document.data, "id": document.id})


def update(ports: Ports, country: str, goal: str) -> None:
    """Apply the ranking to the results that exist, until nobody overtakes."""
    id = id_of(country, goal)
    while True:
        champion = ports.documents.get("champions", id)
        ranked = _ranked(ports, country, goal)
        if not ranked:
            return
        if champion is not None and not _changed(champion.data, ranked[0]):
            data = champion.data
            break
        data = _next(champion, country, goal, ranked[0], ports)
        write = (
            Create("champions", id, data)
            if champion is None
            else Update("champions", id, champion.version, data)
        )
        if outbox.commit(ports, [write], [_announcement(data, champion)]):
            break
    # As it was read before the query: what it has counted, the query knew.
    _render(ports, data, ranked)


def _ranked(ports: Ports, country: str, goal: str) -> list[Any]:
    finished = ports.documents.query(
        "experiments",
        where=[
            Where("country", "==", country),
            Where("goal", "==", goal),
            Where("state", "==", State.SUCCEEDED.value),
        ],
    )
    return ranking.ranked(document.data for document in finished)


def _changed(champion: Json, best: Json) -> bool:
    return bool(champion["experiment_id"] != best["id"])


def _next(
    champion: Document | None,
    country: str,
    goal: str,
    best: Json,
    ports: Ports,
) -> Json:
    previous = champion.data if champion else None
    return {
        "schema_version": 1,
        "country": country,
        "goal": goal,
        "version": previous["version"] + 1 if previous else 1,
        "deleted": previous.get("deleted", 0) if previous else 0,
        "experiment_id": best["id"],
        "previous_experiment_id": previous and previous["experiment_id"],
        "rule": ranking.RULE,
        "score": best["result"]["score"],
        "result": best["result"],
        "correlation_id": best["correlation_id"],
        "updated_at": ports.clock.now().isoformat(),
    }


def _announcement(data: Json, previous: Document | None) -> Outgoing:
    return Outgoing(
        "champion.changed",
        data["correlation_id"],
        {
            "country": data["country"],
            "goal": data["goal"],
            "version": data["version"],
            "experiment_id": data["experiment_id"],
            "previous_experiment_id": previous
            and previous.data["experiment_id"],
            "score": data["score"],
        },
    )


def _render(ports: Ports, champion: Json, ranked: list[Any]) -> None:
    leaderboard = {
        "version": champion["version"],
        "experiments": len(ranked),
        "deleted": champion.get("deleted", 0),
        "rule": ranking.RULE,
        "ranking": [
            {"experiment_id": e["id"], "rank": rank, **e["result"]}
            for rank, e in enumerate(ranked, start=1)
        ],
    }
    shown = {k: v for k, v in champion.items() if k != "op"}
    for what, content in (("champion", shown), ("leaderboard", leaderboard)):
        name = paths.rendering(champion["country"], champion["goal"], what)
        _write_newer(ports, name, content)


def _write_newer(ports: Ports, name: str, content: Json) -> None:
    """Write the rendering, never over one of a higher version."""
    text = json.dumps(content, indent=1, ensure_ascii=False).encode()
    while True:
        info = ports.data.stat(name)
        if info is not None and not _is_newer(ports, name, content):
            return
        try:
            ports.data.write(name, text, info.generation if info else "0")
        except ConflictError:
            continue
        return


def _is_newer(ports: Ports, name: str, content: Json) -> bool:
    """By version, then by what it knows of: results made and deleted."""
    try:
        shown = json.loads(ports.data.read(name))
    except NotFoundError:
        return True
    return _rank(content) >= _rank(shown)


def _rank(content: Json) -> tuple[int, int]:
    made = content.get("experiments", 0) + content.get("deleted", 0)
    return content["version"], made + content.get("deleted", 0)
