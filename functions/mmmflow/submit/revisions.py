"""The last revision number of each tag and country: a document.

It is compared and set in the commit that makes the experiments, so that two
requests are never given the same new number.
"""

from collections.abc import Sequence

from mmmflow.domain import revision
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.revision import Numbers
from mmmflow.ports import Create, Json, Ports, Update, Write

COLLECTION = "revisions"
_MOST = 300


def take(
    ports: Ports, experiments: Sequence[Json], *, force: bool
) -> tuple[Numbers, list[Write]]:
    """The experiments' numbers, and the writes that keep others off them.

    Raises: InvalidInputError: more tags and countries than a commit takes.
    """
    keys = sorted({revision.key_of(one) for one in experiments})
    if len(keys) > _MOST:
        raise InvalidInputError.of(
            "revision.tag",
            f"{len(keys)} tags and countries, more than {_MOST} in a request",
            "ask for them in several requests",
        )
    known = {key: ports.documents.get(COLLECTION, key) for key in keys}
    last = {k: d.data["last"] if d else 0 for k, d in known.items()}
    numbers = revision.numbers(experiments, last, force=force)
    writes: list[Write] = []
    for key, document in known.items():
        highest = max(numbers[key].values())
        if highest <= last[key]:
            continue
        tag, _, country = key.partition("~")
        data = {
            "schema_version": 1,
            "tag": tag,
            "country": country,
            "last": highest,
            "updated_at": ports.clock.now().isoformat(),
        }
        writes.append(
            Create(COLLECTION, key, data)
            if document is None
            else Update(COLLECTION, key, document.version, data)
        )
    return numbers, writes


def proposed(ports: Ports, tag: str, country: str) -> int:
    """The number that comes next; somebody else may take it first."""
    document = ports.documents.get(COLLECTION, revision.key(tag, country))
    return int(document.data["last"]) + 1 if document else 1
