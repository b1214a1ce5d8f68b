"""Who may do what to which resource, and why: the table of `access.tf`.

`make access` writes it into docs/access.md, where a test holds it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mmmflow.domain import jobs

from infra.checks import terraform

PAGE = Path(__file__).resolve().parents[2] / "docs" / "access.md"
PERMISSIONS = Path(__file__).resolve().parents[1] / "permissions.json"
_BEGIN = "<!-- generated: make access -->"
_END = "<!-- end -->"
# As iam.tf turns them into roles; those in italics are our own.
_ROLES: Mapping[tuple[str, str], str] = {
    ("documents", "change"): "roles/datastore.user",
    ("objects", "read"): "roles/storage.objectViewer",
    ("objects", "create"): "roles/storage.objectCreator",
    ("objects", "keep"): "roles/storage.objectUser",
    ("topic", "publish"): "roles/pubsub.publisher",
    ("job", "start"): "roles/run.jobsExecutorWithOverrides",
    ("job", "look"): "look",
    ("job", "stop"): "stop",
    ("secret", "use"): "roles/secretmanager.secretAccessor",
    ("secret", "save"): "secrets",
    ("logs", "read"): "roles/logging.viewAccessor",
    ("costs", "read"): "roles/bigquery.dataViewer",
    ("itself", "sign"): "roles/iam.serviceAccountTokenCreator",
}


_KINDS = {
    "uploads": "objects",
    "data": "objects",
    "jobs": "job",
    "steps": "job",
}


@dataclass(frozen=True)
class Grant:
    """One line of the table: `on` as access.tf writes it."""

    who: str
    on: str
    may: str
    why: str

    @property
    def kind(self) -> str:
        """documents, objects, topic, job, secret, logs, costs or itself."""
        kind = self.on.partition(":")[0]
        return _KINDS.get(kind, kind)

    @property
    def role(self) -> str:
        """Predefined, or the name of one of ours."""
        return _ROLES[self.kind, self.may]

    def covers(self, resource: str) -> bool:
        """Whether the grant is on the resource, as `data:robyn/`."""
        if self.on == "topic:*":
            return resource.startswith("topic:")
        if self.on in ("jobs", "steps"):
            kind, _, job = resource.partition(":")
            is_step = job in jobs.STEPS
            return kind == "job" and is_step == (self.on == "steps")
        if self.kind == "objects":
            return resource.startswith(self.on)
        return resource == self.on


def grants() -> list[Grant]:
    """Every line, in the table's order."""
    table = terraform.load().local_values["access"]
    return [
        Grant(who, entry["on"], entry["may"], entry["why"])
        for who, entries in table.items()
        for entry in entries
    ]


def permissions_of(role: str) -> frozenset[str]:
    """What the role permits, of what our calls need.

    A predefined role's are in permissions.json; our own stand in iam.tf.
    """
    known = json.loads(PERMISSIONS.read_text())["roles"]
    if role in known:
        return frozenset(known[role])
    own = terraform.load().resources["google_project_iam_custom_role.keeper"]
    return frozenset(own.body["for_each"][role])


def page(text: str) -> str:
    """The page with its table made anew."""
    begin, _, rest = text.partition(_BEGIN)
    _, _, end = rest.partition(_END)
    return "\n".join([begin + _BEGIN, *_table(), _END + end])


def _table() -> Iterator[str]:
    yield "| who | on | role | why |"
    yield "|---|---|---|---|"
    for grant in grants():
        role = grant.role.removeprefix("roles/")
        shown = f"`{role}`" if grant.role.startswith("roles/") else f"*{role}*"
        yield f"| {grant.who} | `{grant.on}` | {shown} | {grant.why} |"


def main() -> int:
    """Write the page anew."""
    PAGE.write_text(page(PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
