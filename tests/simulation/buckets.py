"""Objects in memory, with generations and notifications that may be lost."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mmmflow.messaging import topology
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ObjectInfo,
    SignedRequest,
)

from tests.simulation.bus import SimBus
from tests.simulation.world import Actor, World


@dataclass(frozen=True)
class Stored:
    """An object, and who wrote it."""

    content: bytes
    generation: int
    updated_at: datetime
    writer: str


Watch = Callable[[str, Stored | None, Stored], None]


@dataclass
class SimWriter:
    """What has been written of an object that is not there yet."""

    content: io.BytesIO = field(default_factory=io.BytesIO)
    made: ObjectInfo | None = None

    def write(self, data: bytes, /) -> int:
        return self.content.write(data)

    @property
    def info(self) -> ObjectInfo:
        assert self.made is not None
        return self.made


class SimBucket:
    def __init__(
        self, name: str, world: World, bus: SimBus, watch: Watch
    ) -> None:
        self._name = name
        self._world = world
        self._bus = bus
        self._watch = watch
        self._generation = 0
        self.objects: dict[str, Stored] = {}

    @property
    def name(self) -> str:
        return self._name

    def uri(self, name: str) -> str:
        return f"gs://{self._name}/{name}"

    def create(self, name: str, content: bytes | Path) -> ObjectInfo:
        def apply() -> ObjectInfo:
            if name in self.objects:
                raise AlreadyExistsError(name)
            return self._store(name, content)

        what = f"create {name}"
        return self._world.call(what, apply, lambda: AlreadyExistsError(name))

    def write(
        self, name: str, content: bytes | Path, generation: str | None = None
    ) -> ObjectInfo:
        def apply() -> ObjectInfo:
            stored = self.objects.get(name)
            present = str(stored.generation) if stored else "0"
            if generation is not None and generation != present:
                raise ConflictError(name)
            return self._store(name, content)

        return self._world.call(
            f"write {name}",
            apply,
            None if generation is None else lambda: ConflictError(name),
        )

    @contextmanager
    def open_write(self, name: str) -> Iterator["SimWriter"]:
        """A crash may come before all of it is there; then nothing is."""
        writer = SimWriter()
        yield writer
        writer.made = self.create(name, writer.content.getvalue())

    def read(
        self,
        name: str,
        generation: str | None = None,
        *,
        start: int = 0,
        length: int | None = None,
    ) -> bytes:
        content = self._world.call(
            f"read {name}", lambda: self._content(name, generation)
        )
        return content[start : None if length is None else start + length]

    def download(
        self, name: str, path: Path, generation: str | None = None
    ) -> None:
        path.write_bytes(self.read(name, generation))

    def stat(self, name: str) -> ObjectInfo | None:
        return self._world.call(f"stat {name}", lambda: self._info(name))

    def list(self, prefix: str) -> list[ObjectInfo]:
        def apply() -> list[ObjectInfo]:
            names = sorted(n for n in self.objects if n.startswith(prefix))
            return [info for n in names if (info := self._info(n)) is not None]

        return self._world.call(f"list {prefix}", apply)

    def delete(self, name: str) -> None:
        self._world.call(f"delete {name}", lambda: self.objects.pop(name, None))

    def signed_upload(
        self, name: str, size_limit: int, content_type: str, seconds: int
    ) -> SignedRequest:
        headers = {"Content-Type": content_type}
        return SignedRequest("PUT", self.uri(name), headers)

    def signed_download(self, name: str, seconds: int) -> SignedRequest:
        return SignedRequest("GET", self.uri(name), {})

    def seed(self, name: str, content: bytes) -> int:
        """Put an object there before the world begins; its generation."""
        self._generation += 1
        self.objects[name] = Stored(
            content, self._generation, self._world.clock(), "seed"
        )
        return self._generation

    def _content(self, name: str, generation: str | None) -> bytes:
        stored = self.objects.get(name)
        if stored is None or generation not in (None, str(stored.generation)):
            raise NotFoundError(name)
        return stored.content

    def _info(self, name: str) -> ObjectInfo | None:
        stored = self.objects.get(name)
        if stored is None:
            return None
        return ObjectInfo(
            name, str(stored.generation), len(stored.content), stored.updated_at
        )

    def _store(self, name: str, content: bytes | Path) -> ObjectInfo:
        actor: Actor = self._world.current
        self._generation += 1
        data = content if isinstance(content, bytes) else content.read_bytes()
        before = self.objects.get(name)
        stored = Stored(data, self._generation, self._world.clock(), actor.key)
        self.objects[name] = stored
        self._watch(name, before, stored)
        for (bucket, prefix), topic in topology.NOTIFICATIONS.items():
            if bucket == self._name and name.startswith(prefix):
                attributes = {
                    "eventType": "OBJECT_FINALIZE",
                    "bucketId": self._name,
                    "objectId": name,
                    "objectGeneration": str(stored.generation),
                }
                self._bus.announce(topic, attributes, f"{name}#{actor.key}")
        info = self._info(name)
        assert info is not None
        return info
