"""Rows prepared as one experiment wants them: asked for, and waited for."""

from mmmflow.data import mappings
from mmmflow.domain import preparation
from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import Json, Ports
from mmmflow.queueing import wanted_data


def pinned(ports: Ports, data: Json) -> Json:
    """The experiment with the generation of its annotations.

    Where none is named it is the one that stands there now; whoever writes
    the experiment writes it too, so that it stays that.

    Raises:
        InvalidInputError: there is no such object.
    """
    asked = data["request"].get("annotations")
    if not asked or "generation" in asked:
        return data
    info = ports.data.stat(asked["name"])
    if info is None:
        raise InvalidInputError.of(
            "annotations.name", f"there is no {asked['name']}"
        )
    annotations = {**asked, "generation": info.generation}
    request = {**data["request"], "annotations": annotations}
    return {**data, "request": request}


def wanted(ports: Ports, data: Json) -> Json | None:
    """{dataset_id, mapping_version} to prepare in the experiment's own way.

    None where it has no wishes of its own, or before the dataset and the
    mapping are there.

    Raises:
        InvalidInputError: there never will be a dataset for it.
    """
    if not preparation.asked(data["request"]):
        return None
    dataset = wanted_data.find(ports, data)
    if dataset is None or dataset.data["rows"] is None:
        return None
    version = data["mapping_version"] or dataset.data["prepared_with"]
    if version is None:
        return None
    mapping = mappings.of_training(ports, dataset.data, version)
    if mapping is None or mapping.data["state"] != "ACCEPTED":
        return None
    return {"dataset_id": dataset.id, "mapping_version": version}


def request(data: Json) -> Outgoing:
    """The message that asks `prepare` for what the experiment waits for."""
    body = {
        **data["waits_for"]["preparation"],
        "options": preparation.asked(data["request"]),
        "experiment_id": data["id"],
    }
    return Outgoing("training.requested", data["correlation_id"], body)
