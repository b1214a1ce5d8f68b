"""The comparison of a champion with the one before it, as an object.

It is a pure function of what the two runs left, so it is created once, under
a name made of both, before the champion's document links to it.
"""

import json

from mmmflow import schema
from mmmflow.data import datasets
from mmmflow.domain import comparison, paths, request
from mmmflow.domain.comparison import Side
from mmmflow.ports import Json, NotFoundError, Ports


def write(ports: Ports, previous_id: str, best: Json) -> Json | None:
    """{object, headline} of the comparison; None if there is none to make.

    An experiment that was deleted, or whose files were, can't be compared.
    """
    previous = ports.documents.get("experiments", previous_id)
    if previous is None:
        return None
    try:
        before, after = _side(ports, previous.data), _side(ports, best)
    except NotFoundError:
        return None
    content = _compared(before, after)
    name = paths.comparison(
        best["country"], best["goal"], previous_id, best["id"]
    )
    datasets.create_json(ports, name, content)
    return {"object": name, "headline": content["headline"]}


def compare(ports: Ports, before_id: str, after_id: str) -> Json:
    """Two experiments that succeeded, side by side.

    Raises:
        NotFoundError: one is not there, has no result, or lost its files.
    """
    sides = []
    for id in (before_id, after_id):
        document = ports.documents.get("experiments", id)
        if document is None or not document.data["result"]:
            raise NotFoundError(f"result of experiment {id}")
        try:
            sides.append(_side(ports, document.data))
        except NotFoundError:
            raise NotFoundError(
                f"file of the result of {id} any more"
            ) from None
    return _compared(*sides)


def _compared(before: Side, after: Side) -> Json:
    content = comparison.compare(before, after)
    schema.require("comparison.json", content)
    return content


def _side(ports: Ports, experiment: Json) -> Side:
    """Raises: NotFoundError, when its files are gone."""
    folder = experiment["result"]["folder"]
    run = request.run_folder(experiment)
    config = json.loads(ports.data.read(paths.job_config(run)))
    dataset = ports.documents.get("datasets", config["dataset_id"])
    trainings = dataset.data["trainings"] if dataset else {}
    return Side(
        summary=json.loads(ports.data.read(f"{folder}/model_summary.json")),
        config=config,
        training=next(
            (
                t
                for t in trainings.values()
                if t["uri"] == config["data"]["uri"]
            ),
            {},
        ),
    )
