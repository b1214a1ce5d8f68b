"""The champion of a country and goal: a document, and files that show it."""

from typing import Any

from mmmflow import settings
from mmmflow.domain import paths, quality_bands, ranking
from mmmflow.domain.experiment import State
from mmmflow.domain.ranking import Rule
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    Create,
    Delete,
    Document,
    Json,
    Order,
    Ports,
    Update,
    Where,
)
from mmmflow.results import comparisons, renderings

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
    """Apply the rule to the results that exist, until nothing changes.

    The rule and the results are read after the champion, and once more after
    each change: whoever comes last has seen all there is.
    """
    id = id_of(country, goal)
    while True:
        champion = ports.documents.get("champions", id)
        rule = settings.ranking_rule(ports, country)
        scored = _scored(ports, country, goal, rule)
        if not scored:
            if champion is None or _abdicate(ports, champion):
                return
            continue
        if champion is not None and _says(champion.data, scored[0], rule):
            renderings.write(ports, champion.data, scored)
            return
        _crown(ports, id, champion, scored[0], rule)


def _abdicate(ports: Ports, champion: Document) -> bool:
    """Nothing is left to choose from: its files go; False if overtaken.

    The files go first, for a champion that comes later begins at version 1.
    """
    country, goal = champion.data["country"], champion.data["goal"]
    renderings.remove(ports, country, goal)
    return outbox.commit(
        ports, [Delete("champions", champion.id, champion.version)]
    )


def _says(champion: Json, first: tuple[Any, float], rule: Rule) -> bool:
    best, score = first
    told = champion["experiment_id"], champion["score"], champion["rule"]
    return told == (best["id"], score, rule.sentence)


def _crown(
    ports: Ports,
    id: str,
    champion: Document | None,
    first: tuple[Any, float],
    rule: Rule,
) -> None:
    """Commit who is the best now; another hand may overtake it.

    The same champion under another rule is changed, but not announced.
    """
    best, score = first
    said = _of(ports, best, score, rule)
    if champion is None:
        data = {**_first(best), **said}
        outbox.commit(
            ports, [Create("champions", id, data)], [_announcement(data)]
        )
        return
    version = {"version": champion.data["version"] + 1}
    if champion.data["experiment_id"] == best["id"]:
        data = {**champion.data, **version, **said}
        messages = []
    else:
        succeeds = _successor(ports, champion.data, best)
        data = {**champion.data, **version, **succeeds, **said}
        messages = [_announcement(data)]
    update = Update("champions", id, champion.version, data)
    outbox.commit(ports, [update], messages)


def _scored(
    ports: Ports, country: str, goal: str, rule: Rule
) -> list[tuple[Any, float]]:
    finished = ports.documents.query(
        "experiments",
        where=[
            Where("country", "==", country),
            Where("goal", "==", goal),
            Where("state", "==", State.SUCCEEDED.value),
        ],
    )
    here = (one.data for one in finished if "imported" not in one.data)
    return ranking.scored(here, rule)


def _first(best: Json) -> Json:
    word = quality_bands.judge(best["result"]["selected"])["word"]
    return {
        "schema_version": 1,
        "version": 1,
        "deleted": 0,
        "previous_experiment_id": None,
        "comparison": None,
        "headline": f"the first champion, {word}",
    }


def _successor(ports: Ports, champion: Json, best: Json) -> Json:
    compared = comparisons.write(ports, champion["experiment_id"], best)
    gone = "the files of the champion before it are gone"
    return {
        "previous_experiment_id": champion["experiment_id"],
        "comparison": compared and compared["object"],
        "headline": compared["headline"] if compared else gone,
    }


def _of(ports: Ports, best: Json, score: float, rule: Rule) -> Json:
    return {
        "country": best["country"],
        "goal": best["goal"],
        "experiment_id": best["id"],
        "rule": rule.sentence,
        "score": score,
        "result": best["result"],
        "correlation_id": best["correlation_id"],
        "updated_at": ports.clock.now().isoformat(),
    }


def _announcement(data: Json) -> Outgoing:
    fields = (
        "country",
        "goal",
        "version",
        "experiment_id",
        "previous_experiment_id",
        "score",
        "headline",
    )
    return Outgoing(
        "champion.changed",
        data["correlation_id"],
        {field: data[field] for field in fields},
    )
