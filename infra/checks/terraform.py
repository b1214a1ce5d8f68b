"""The Terraform files, read: resources, data, variables, locals, outputs.

python-hcl2 keeps texts in their quotes and expressions as `${…}`; here a
text is a text, and an expression stays as it is written.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

FOLDER = Path(__file__).resolve().parents[1] / "terraform"
_NOT_ARGUMENTS = {"__is_block__", "__comments__", "__inline_comments__"}
_REFERENCE = re.compile(
    r"(?<![\w.\"-])((?:data\.)?google_\w+\.\w+|var\.\w+|local\.\w+)"
)


@dataclass(frozen=True)
class Resource:
    """One resource or data block.

    Attributes:
        kind: its type, as `google_pubsub_topic`; a data source's begins
            with `data.`.
        body: arguments and blocks; a block is a list of mappings.
    """

    kind: str
    name: str
    file: str
    body: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{self.kind}.{self.name}"


@dataclass
class Configuration:
    """Every file of the folder, together."""

    resources: dict[str, Resource] = field(default_factory=dict)
    variables: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    local_values: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def references(self) -> Iterator[tuple[str, str]]:
        """Every `var.x`, `local.x` and `google_x.y`, with its file."""
        for file, text in self.texts.items():
            for found in _REFERENCE.finditer(_without_comments(text)):
                yield found.group(1), file


@cache
def load(folder: Path = FOLDER) -> Configuration:
    """Raises: an error of the parser, naming line and column."""
    found = Configuration()
    for path in sorted(folder.glob("*.tf")):
        text = path.read_text()
        found.texts[path.name] = text
        content = _plain(hcl2.loads(text))
        for prefix, block in (("", "resource"), ("data.", "data")):
            for kinds in content.get(block, []):
                for kind, names in kinds.items():
                    for name, body in names.items():
                        made = Resource(prefix + kind, name, path.name, body)
                        found.resources[made.address] = made
        for declared in content.get("variable", []):
            found.variables.update(declared)
        for declared in content.get("output", []):
            found.outputs.update(declared)
        for declared in content.get("locals", []):
            found.local_values.update(declared)
    return found


def _plain(value: Any) -> Any:
    """Without the quotes of texts and the parser's own marks."""
    if isinstance(value, dict):
        return {
            _plain(key): _plain(item)
            for key, item in value.items()
            if key not in _NOT_ARGUMENTS
        }
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r'".*"', value, re.DOTALL):
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", text)
