"""Rows prepared as one experiment wants them: asked for, and waited for."""

from mmmflow.data import mappings
from mmmflow.domain import preparation
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import Json, Ports
from mmmflow.queueing import wanted_data


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
