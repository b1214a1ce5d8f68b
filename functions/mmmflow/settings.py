"""What a team has decided for all its runs: documents of settings.

The ranking rule: one document for every country, and one for each country
that has a rule of its own. A change is committed with the message that makes
`rank` look at the champions again.
"""

from typing import Any

from mmmflow import schema
from mmmflow.domain import ranking
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.ranking import Rule
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    Create,
    Delete,
    Json,
    NotFoundError,
    Ports,
    Update,
    Where,
    Write,
)

COLLECTION = "settings"
_RANKING = "ranking"


def ranking_rule(ports: Ports, country: str) -> Rule:
    """The country's own rule, else the one for all, else the default."""
    own = ports.documents.get(COLLECTION, _id(country))
    document = own or ports.documents.get(COLLECTION, _id(None))
    return ranking.read(document.data if document else None)


def show_ranking(ports: Ports) -> Json:
    """The rule for all, and those of countries, each with its sentence."""
    documents = ports.documents.query(
        COLLECTION, where=[Where("kind", "==", _RANKING)]
    )
    by_country = {d.data["country"]: d.data for d in documents}
    return {
        **_shown(by_country.get(None)),
        "countries": {
            country: _shown(data)
            for country, data in sorted(by_country.items(), key=str)
            if country is not None
        },
    }


def set_ranking(
    ports: Ports, country: str | None, asked: Json, *, actor: str
) -> None:
    """Rank by another rule from now on: of a country, or of all.

    Raises:
        InvalidInputError: with every problem of the rule.
    """
    schema.require("ranking.json", asked)
    problems = ranking.problems(asked)
    if problems:
        raise InvalidInputError(problems)
    data: dict[str, Any] = {
        "schema_version": 1,
        "kind": _RANKING,
        "country": country,
        "actor": actor,
        "updated_at": ports.clock.now().isoformat(),
        **asked,
    }
    while True:
        known = ports.documents.get(COLLECTION, _id(country))
        write: Write = (
            Create(COLLECTION, _id(country), data)
            if known is None
            else Update(COLLECTION, known.id, known.version, data)
        )
        if outbox.commit(ports, [write], [_changed(ports, country)]):
            return


def forget_ranking(ports: Ports, country: str) -> None:
    """The country is ranked as all others again.

    Raises:
        NotFoundError: it has no rule of its own.
    """
    while True:
        known = ports.documents.get(COLLECTION, _id(country))
        if known is None:
            raise NotFoundError(f"ranking rule of {country}")
        write = Delete(COLLECTION, known.id, known.version)
        if outbox.commit(ports, [write], [_changed(ports, country)]):
            return


def _id(country: str | None) -> str:
    return f"{_RANKING}~{country}" if country else _RANKING


def _shown(data: Json | None) -> Json:
    rule = ranking.read(data)
    return {
        "rule": rule.name,
        "weights": dict(rule.weights),
        "sentence": rule.sentence,
        "actor": data["actor"] if data else None,
        "updated_at": data["updated_at"] if data else None,
    }


def _changed(ports: Ports, country: str | None) -> Outgoing:
    correlation_id = f"ranking-{ports.entropy.token()}"
    return Outgoing("ranking.changed", correlation_id, {"country": country})
