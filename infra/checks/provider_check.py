"""Every resource, argument, block and reference, against the provider."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from infra.checks import provider, terraform
from infra.checks.provider import META, Argument, Schema
from infra.checks.terraform import Configuration, Resource

_ATTRIBUTE = re.compile(
    r"(?<![\w.])((?:data\.)?google_\w+)\.(\w+)(?:\[[^\]]*\])*\.(\w+)"
)


def main() -> int:
    """0 if nothing is wrong."""
    found = terraform.load()
    schemas = {name: provider.load(name) for name in provider.INTEGRITY}
    problems = [*checked(found, schemas), *dangling(found)]
    for problem in problems:
        print(problem)
    figures = {"resources": len(found.resources), "problems": len(problems)}
    print(json.dumps(figures))
    return 1 if problems else 0


def checked(
    found: Configuration, schemas: Mapping[str, Schema]
) -> Iterator[str]:
    """What the provider would not take."""
    for resource in found.resources.values():
        own = resource.body.get("provider", "${google}").strip("${}")
        schema = schemas[own]
        arguments = schema.resources.get(resource.kind)
        if arguments is None:
            yield f"{_at(resource)}: no such type in {own}"
            continue
        yield from _body(_at(resource), resource.body, arguments, schema, META)
    for file, text in found.texts.items():
        for kind, name, attribute in _ATTRIBUTE.findall(text):
            target = found.resources.get(f"{kind}.{name}")
            known = _attributes(kind, target, schemas)
            if target is not None and attribute not in known:
                yield f"{file}: {kind}.{name} has no attribute {attribute}"


def dangling(found: Configuration) -> Iterator[str]:
    """What is named and not declared, or declared and never named."""
    declared = {
        *found.resources,
        *(f"var.{name}" for name in found.variables),
        *(f"local.{name}" for name in found.local_values),
    }
    named = set()
    for reference, file in found.references():
        named.add(reference)
        if reference not in declared:
            yield f"{file}: {reference} is not declared"
    for name in sorted(declared - named):
        if name.startswith(("var.", "local.")):
            yield f"{name} is declared and never used"


def _attributes(
    kind: str, target: Resource | None, schemas: Mapping[str, Schema]
) -> frozenset[str]:
    own = "google"
    if target is not None:
        own = target.body.get("provider", "${google}").strip("${}")
    return schemas[own].attributes.get(kind, frozenset())


def _body(
    where: str,
    body: Mapping[str, Any],
    arguments: Mapping[str, Argument],
    schema: Schema,
    also: set[str],
) -> Iterator[str]:
    written = {name for name in body if name != "dynamic"}
    blocks = [
        (name, content)
        for name, value in body.items()
        if name != "dynamic" and name in arguments
        for content in _blocks(value)
    ]
    for dynamic in body.get("dynamic", []):
        for name, described in dynamic.items():
            written.add(name)
            blocks += [(name, content) for content in described["content"]]
    for name in sorted(written - set(arguments) - also):
        yield f"{where}: no argument {name}"
    for name, argument in arguments.items():
        if argument.required and name not in written:
            yield f"{where}: {name} is required"
    for name, content in blocks:
        if name not in arguments:
            continue
        block = arguments[name].block
        if block is None:
            yield f"{where}: {name} is no block"
            continue
        inner = schema.blocks[block]
        yield from _body(f"{where}.{name}", content, inner, schema, set())


def _blocks(value: Any) -> list[Mapping[str, Any]]:
    """The contents, if it is a block: a list of mappings."""
    if isinstance(value, list) and value:
        return [one for one in value if isinstance(one, dict)]
    return []


def _at(resource: Resource) -> str:
    return f"{resource.file}: {resource.address}"


if __name__ == "__main__":
    sys.exit(main())
