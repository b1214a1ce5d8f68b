"""Objects in memory, as Cloud Storage keeps them: generations, checksums.

What a bucket tells of its finished objects goes to the topics of its
notification configurations.
"""

import base64
import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import google_crc32c

Json = dict[str, Any]
Publish = Callable[[str, Mapping[str, str], Json], None]


class StorageError(Exception):
    """An answer that is no success: its status and its reason."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Stored:
    """One generation of an object."""

    bucket: str
    name: str
    generation: int
    content: bytes
    content_type: str
    updated: str

    @property
    def crc32c(self) -> str:
        return crc32c(self.content)

    @property
    def md5(self) -> str:
        digest = hashlib.md5(self.content, usedforsecurity=False).digest()
        return base64.b64encode(digest).decode()

    def resource(self) -> Json:
        """The object as the JSON API describes it."""
        return {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "bucket": self.bucket,
            "name": self.name,
            "generation": str(self.generation),
            "metageneration": "1",
            "contentType": self.content_type,
            "size": str(len(self.content)),
            "crc32c": self.crc32c,
            "md5Hash": self.md5,
            "etag": f"g{self.generation}",
            "storageClass": "STANDARD",
            "timeCreated": self.updated,
            "updated": self.updated,
        }


@dataclass
class Bucket:
    objects: dict[str, Stored] = field(default_factory=dict)
    notifications: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Preconditions:
    """What must hold of the live object; generation 0 is none."""

    generation: int | None = None
    not_generation: int | None = None

    def require(self, live: Stored | None) -> None:
        """Raises: StorageError, 412."""
        present = live.generation if live else 0
        wanted = self.generation
        if wanted not in (None, present) or self.not_generation == present:
            raise StorageError(
                412,
                "conditionNotMet",
                "At least one of the pre-conditions did not hold.",
            )


class Objects:
    """Every bucket of the server; all methods may be called at once."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._lock = threading.RLock()
        self._buckets: dict[str, Bucket] = {}
        self._generations = itertools.count(time.time_ns() // 1000)
        self._numbers = itertools.count(1)

    def create_bucket(self, name: str) -> Json:
        """Raises: StorageError, 409."""
        with self._lock:
            if name in self._buckets:
                raise StorageError(409, "conflict", f"{name} exists already.")
            self._buckets[name] = Bucket()
        return self.bucket_resource(name)

    def bucket_resource(self, name: str) -> Json:
        self._bucket(name)
        return {"kind": "storage#bucket", "id": name, "name": name}

    def notify(self, bucket: str, asked: Json) -> Json:
        """Tell a topic of the objects under a prefix from now on."""
        id = str(next(self._numbers))
        resource = {**asked, "kind": "storage#notification", "id": id}
        with self._lock:
            self._bucket(bucket).notifications[id] = resource
        return resource

    def notifications(self, bucket: str) -> list[Json]:
        with self._lock:
            return list(self._bucket(bucket).notifications.values())

    def get(
        self, bucket: str, name: str, generation: int | None = None
    ) -> Stored:
        """Raises: StorageError, 404, also when the generation is another."""
        with self._lock:
            found = self._bucket(bucket).objects.get(name)
        if found is None or generation not in (None, found.generation):
            what = f"No such object: {bucket}/{name}"
            raise StorageError(404, "notFound", what)
        return found

    def require(
        self, bucket: str, name: str, conditions: Preconditions
    ) -> None:
        """Raises: StorageError, if an upload would be refused now."""
        with self._lock:
            conditions.require(self._bucket(bucket).objects.get(name))

    def put(
        self,
        bucket: str,
        name: str,
        content: bytes,
        content_type: str,
        conditions: Preconditions,
    ) -> Stored:
        """A new generation, live from now on, and told of."""
        with self._lock:
            there = self._bucket(bucket)
            before = there.objects.get(name)
            conditions.require(before)
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            stored = Stored(
                bucket,
                name,
                next(self._generations),
                content,
                content_type or "application/octet-stream",
                now.replace("+00:00", "Z"),
            )
            there.objects[name] = stored
            told = list(there.notifications.values())
        for notification in told:
            self._tell(notification, stored, before)
        return stored

    def delete(self, bucket: str, name: str, conditions: Preconditions) -> None:
        """Raises: StorageError, 404."""
        with self._lock:
            live = self.get(bucket, name)
            conditions.require(live)
            del self._bucket(bucket).objects[name]

    def page(
        self, bucket: str, prefix: str, after: str, size: int
    ) -> tuple[list[Stored], str]:
        """Objects in the order of their names, and where to go on, or ""."""
        with self._lock:
            objects = self._bucket(bucket).objects
            names = sorted(n for n in objects if n.startswith(prefix))
            found = [objects[name] for name in names if name > after]
        more = found[size - 1].name if len(found) > size else ""
        return found[:size], more

    def _bucket(self, name: str) -> Bucket:
        if name not in self._buckets:
            raise StorageError(
                404, "notFound", "The specified bucket does not exist."
            )
        return self._buckets[name]

    def _tell(
        self, notification: Json, stored: Stored, before: Stored | None
    ) -> None:
        events = notification.get("event_types") or ["OBJECT_FINALIZE"]
        prefix = notification.get("object_name_prefix", "")
        if "OBJECT_FINALIZE" not in events or not stored.name.startswith(
            prefix
        ):
            return
        form = notification.get("payload_format", "JSON_API_V1")
        config = f"projects/_/buckets/{stored.bucket}/notificationConfigs"
        attributes = {
            **notification.get("custom_attributes", {}),
            "notificationConfig": f"{config}/{notification['id']}",
            "eventType": "OBJECT_FINALIZE",
            "eventTime": stored.updated,
            "payloadFormat": form,
            "bucketId": stored.bucket,
            "objectId": stored.name,
            "objectGeneration": str(stored.generation),
        }
        if before is not None:
            attributes["overwroteGeneration"] = str(before.generation)
        topic = notification["topic"].removeprefix("//pubsub.googleapis.com/")
        payload = stored.resource() if form == "JSON_API_V1" else {}
        self._publish(topic, attributes, payload)


def crc32c(content: bytes) -> str:
    """The checksum in the API's form: base64 of four bytes, big end first."""
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()
