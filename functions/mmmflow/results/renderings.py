"""Files that show a champion and its leaderboard, for people to open.

They are renderings of documents: each carries the version that it shows, and
is never written over one of a higher version.
"""

import json
from collections.abc import Sequence
from typing import Any

from mmmflow.domain import paths
from mmmflow.ports import ConflictError, Json, NotFoundError, Ports

MOST = 200  # a leaderboard shows the best; a list of all is a query


def write(
    ports: Ports, champion: Json, scored: Sequence[tuple[Any, float]]
) -> None:
    """champion.json and leaderboard.json, unless newer ones stand there."""
    leaderboard = {
        "version": champion["version"],
        "experiments": len(scored),
        "deleted": champion.get("deleted", 0),
        "rule": champion["rule"],
        "ranking": [
            {
                "experiment_id": experiment["id"],
                "rank": rank,
                **_short(experiment["result"]),
                "score": score,
            }
            for rank, (experiment, score) in enumerate(scored[:MOST], start=1)
        ],
    }
    shown = {k: v for k, v in champion.items() if k != "op"}
    for what, content in (("champion", shown), ("leaderboard", leaderboard)):
        name = paths.rendering(champion["country"], champion["goal"], what)
        _write_newer(ports, name, content)


def remove(ports: Ports, country: str, goal: str) -> None:
    """Both files: there is no champion any more."""
    for what in ("champion", "leaderboard"):
        ports.data.delete(paths.rendering(country, goal, what))


def _short(result: Json) -> Json:
    """Of how firm it is only the sentence; the rest is in the result."""
    stability = result.get("stability")
    return {**result, "stability": stability and stability["sentence"]}


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
