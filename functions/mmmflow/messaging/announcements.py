"""Objects that nobody was told of: announced once more.

A bucket announces an object when it is written; that word may be lost, or
who heard it may have died for good. `sweep` compares what lies in the
buckets with what was made of it, and publishes what the bucket would have.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mmmflow.data import datasets, mappings
from mmmflow.domain import paths
from mmmflow.messaging.topology import NOTIFICATIONS
from mmmflow.ports import Bucket, ObjectInfo, Order, Ports, Where
from mmmflow.queueing import waiting

# What is younger may still be under way; an older upload stays as it is.
_UNDER_WAY = timedelta(minutes=2)
_LONG_UNDER_WAY = timedelta(minutes=10)
_LOOK_BACK = timedelta(hours=1)
_AT_ONCE = 100


def repeat_lost(ports: Ports) -> None:
    """Announce again every object that should have been acted on by now."""
    now = ports.clock.now()
    for bucket, info in (
        *_uploads(ports, now),
        *_mappings(ports, now),
        *_datasets(ports, now),
        *_wanted_mappings(ports),
    ):
        announce(ports, bucket, info)


def announce(ports: Ports, bucket: Bucket, info: ObjectInfo) -> None:
    """Publish what the bucket publishes when the object is written."""
    attributes = {
        "eventType": "OBJECT_FINALIZE",
        "bucketId": bucket.name,
        "objectId": info.name,
        "objectGeneration": info.generation,
    }
    names = {"uploads": ports.uploads.name, "data": ports.data.name}
    for (among, prefix), topic in NOTIFICATIONS.items():
        if names[among] == bucket.name and info.name.startswith(prefix):
            ports.messages.publish(topic, b"{}", attributes)


def _uploads(
    ports: Ports, now: datetime
) -> Iterator[tuple[Bucket, ObjectInfo]]:
    """Files that were dropped lately, and of which no dataset was made."""
    for info in ports.uploads.list(""):
        if not now - _LOOK_BACK < info.updated_at < now - _UNDER_WAY:
            continue
        asked = datasets.asked_by_upload(info.name, info.generation)
        if ports.documents.get("requests", asked.id) is None:
            yield ports.uploads, info


def _mappings(
    ports: Ports, now: datetime
) -> Iterator[tuple[Bucket, ObjectInfo]]:
    """Mappings that were never read, or corrected after that."""
    read = {d.id: d.data for d in ports.documents.query("mappings")}
    for info in ports.data.list("metadata/"):
        marker = paths.parse_mapping_marker(info.name)
        if marker is None or info.updated_at > now - _UNDER_WAY:
            continue
        known = read.get("~".join(marker))
        if known is None or (
            known["state"] == "REFUSED"
            and info.updated_at > now - _LOOK_BACK
            and info.updated_at.isoformat() > known["created_at"]
        ):
            yield ports.data, info


def _datasets(
    ports: Ports, now: datetime
) -> Iterator[tuple[Bucket, ObjectInfo]]:
    """Datasets that were stored, but not prepared though they could be."""
    for state, age in (
        ("REQUESTED", _UNDER_WAY),
        ("EXTRACTED", _LONG_UNDER_WAY),
    ):
        found = ports.documents.query(
            "datasets",
            where=[
                Where("state", "==", state),
                Where("created_at", "<=", (now - age).isoformat()),
            ],
            order_by=[Order("created_at", descending=True)],
            limit=_AT_ONCE,
        )
        for document in found:
            data = document.data
            if state == "EXTRACTED" and not mappings.of_dataset(ports, data):
                continue
            marker = paths.dataset_marker(data["country"], data["id"])
            info = ports.data.stat(marker)
            if info is not None:
                yield ports.data, info


def _wanted_mappings(ports: Ports) -> Iterator[tuple[Bucket, ObjectInfo]]:
    """Mappings that an experiment wants a prepared dataset prepared with."""
    for document in waiting.unprepared_mappings(ports):
        marker = paths.mapping_marker(
            document.data["scope"], document.data["version"]
        )
        info = ports.data.stat(marker)
        if info is not None:
            yield ports.data, info
