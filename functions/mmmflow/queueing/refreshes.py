"""The model that an experiment refreshes: a file of one that succeeded."""

from mmmflow import schema
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.experiment import State
from mmmflow.ports import Document, Json, NotFoundError, Ports


def model(ports: Ports, data: Json, goal: str) -> Json | None:
    """Which object holds the model, if the experiment refreshes one.

    `goal` is the experiment's own. The object is named by the manifest of
    the run that made it: with its generation and checksum.

    Raises:
        InvalidInputError: there is no such model, or it is of other data.
    """
    asked = data["request"].get("previous")
    if asked is None:
        return None
    found = ports.documents.get("experiments", asked["experiment_id"])
    if found is None:
        raise _refusal(f"there is no experiment {asked['experiment_id']}")
    _require_alike(found, data, goal)
    result = found.data["result"]
    model_id = asked.get("model_id") or result["selected"]["model_id"]
    name = f"results/models/{model_id}.json"
    for file in _files(ports, found.id, result):
        if file["name"] == name:
            return {
                "experiment_id": found.id,
                "model_id": model_id,
                "name": f"{result['folder']}/{name}",
                "generation": file["generation"],
                "sha256": file["sha256"],
            }
    raise _refusal(
        f"experiment {found.id} has no model {model_id} that can be refreshed",
        "name one of its results/models, or leave model_id out",
    )


def _require_alike(found: Document, data: Json, goal: str) -> None:
    if found.data["state"] != State.SUCCEEDED:
        raise _refusal(
            f"experiment {found.id} is {found.data['state']}, not SUCCEEDED",
            "submit again when it has succeeded",
        )
    theirs = found.data["country"], found.data["goal"]
    if theirs != (data["country"], goal):
        raise _refusal(
            f"experiment {found.id} is of {theirs[0]}, {theirs[1]}; this one"
            f" is of {data['country']}, {goal}"
        )


def _files(ports: Ports, id: str, result: Json) -> list[Json]:
    name = f"{result['folder']}/manifest.json"
    try:
        content = ports.data.read(name, result["manifest_generation"])
    except NotFoundError:
        raise _refusal(f"the files of experiment {id} are gone") from None
    manifest = schema.parse(content)
    schema.require("manifest.json", manifest)
    return list(manifest["files"])


def _refusal(what: str, hint: str = "") -> InvalidInputError:
    return InvalidInputError.of("previous", what, hint)
