"""The google provider's schema, from where it can be had without Terraform's
registry: the npm packages that are generated from it.

Each package holds, as JSON, a type for every resource and block, with the
provider's own names of arguments in the links of their documentation.
"""

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = "16.12.1"  # generated from version 6.50.0 of the provider
INTEGRITY = {
    "google": (
        "sha512-KqNA/5RiFT07r0PSZ6/07cJ2zESUgbj1JchVj21iBFBZ"
        "VUbD+578xA/k8eq/r0cbyEgLmg9eYWeVslaYah4DCQ=="
    ),
    "google-beta": (
        "sha512-ip0dXu0ZrsyMgcoGNfkJCYG8PFjNtfb2wkz4Sw7IU09r"
        "QMK/A6++SwkmFHl8wJ8KlwMvd2w4tNXfErIbWWWqag=="
    ),
}
CACHE = Path(__file__).resolve().parents[2] / "build" / "provider"
_LINK = re.compile(
    r"providers/hashicorp/[\w-]+/[\d.]+/docs/(resources|data-sources)/"
    r"(\w+)#(\w+)"
)
# What Terraform itself adds to every resource.
META = {
    "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner",
}  # fmt: skip


@dataclass(frozen=True)
class Argument:
    """An argument or block; `block` names what stands inside it."""

    required: bool
    block: str | None


@dataclass(frozen=True)
class Schema:
    """Of one provider.

    Attributes:
        resources: by type (a data source's begins with `data.`), what may
            be written in it.
        attributes: by type, what may be read from it.
        blocks: what may be written in each block.
    """

    resources: Mapping[str, Mapping[str, Argument]]
    attributes: Mapping[str, frozenset[str]]
    blocks: Mapping[str, Mapping[str, Argument]]


def load(provider: str) -> Schema:
    """Of `google` or `google-beta`; fetched once, then kept in `build`.

    Raises:
        RuntimeError: the package can't be had, or is not what it was.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    package = CACHE / f"{provider}-{VERSION}.tgz"
    if not package.exists():
        _fetch(provider, package)
    content = package.read_bytes()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY[provider]:
        package.unlink()
        raise RuntimeError(f"{package.name} is not the package that was pinned")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        member = archive.extractfile("package/.jsii")
        assert member is not None  # noqa: S101  (a file by its name)
        return _schema(json.load(member)["types"])


def _fetch(provider: str, package: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is missing: apt-get install npm")
    name = f"@cdktf/provider-{provider}@{VERSION}"
    packed = subprocess.run(  # noqa: S603
        [npm, "pack", "--silent", name],
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if packed.returncode:
        raise RuntimeError(f"npm pack {name}: {packed.stderr.strip()}")
    (package.parent / packed.stdout.split()[-1]).rename(package)


def _schema(types: Mapping[str, Any]) -> Schema:
    resources: dict[str, Mapping[str, Argument]] = {}
    attributes: dict[str, frozenset[str]] = {}
    blocks: dict[str, Mapping[str, Argument]] = {}
    for fqn, described in types.items():
        if described["kind"] != "interface":
            continue
        blocks[fqn] = dict(_arguments(described))
        if not fqn.endswith("Config") or "interfaces" not in described:
            continue
        kind = _kind(described)
        if kind is None:
            continue
        resources[kind] = blocks[fqn]
        made = types[fqn.removesuffix("Config")]
        attributes[kind] = frozenset(
            _snake(p["name"]) for p in made.get("properties", [])
        )
    return Schema(resources, attributes, blocks)


def _kind(described: Mapping[str, Any]) -> str | None:
    """The type of the resource that this configures."""
    for link in _links(described):
        name = link.group(2)
        kind = name if name.startswith("google_") else f"google_{name}"
        return kind if link.group(1) == "resources" else f"data.{kind}"
    return None


def _links(described: Mapping[str, Any]) -> Iterator[re.Match[str]]:
    for described_property in described.get("properties", []):
        if link := _LINK.search(json.dumps(described_property["docs"])):
            yield link


def _arguments(
    described: Mapping[str, Any],
) -> Iterator[tuple[str, Argument]]:
    for p in described.get("properties", []):
        text = json.dumps(p.get("docs", {}))
        link = _LINK.search(text)
        name = link.group(3) if link else _snake(p["name"])
        is_block = f"{name} block." in text
        block = _inner(p["type"]) if is_block else None
        yield name, Argument(not p.get("optional", False), block)


def _inner(kind: Mapping[str, Any]) -> str | None:
    """The type of a block's content, once or many times."""
    if "fqn" in kind:
        name: str = kind["fqn"]
        return None if name.startswith("cdktf.") else name
    if "collection" in kind:
        return _inner(kind["collection"]["elementtype"])
    if "union" in kind:
        found = (_inner(one) for one in kind["union"]["types"])
        return next((name for name in found if name), None)
    return None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
