"""JSON as Firestore's values, and back.

Every JSON value reads back as it was, its keys sorted, though

- Firestore knows no list within a list: such a list is stored as a map with
  the one key `[]`, and a map in a list that has only that key, or only `{}`,
  is itself stored under the one key `{}`;
- it knows no empty key and none as `__a__`, which a column may be called:
  these are stored behind a `=`, like those that begin with one.

A document's field `expires_at`, which a TTL policy goes by, is a timestamp.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore_v1 import types
from google.protobuf.timestamp_pb2 import Timestamp

# The messages of the protocol themselves, ten times faster than their wrappers.
_Value: Any = types.Value.pb()
_LIST, _MAP = "[]", "{}"
_REFUSED = re.compile(r"|__.*__|=.*", re.DOTALL)
_TIMES = ("expires_at",)


def decode_fields(fields: Any) -> dict[str, Any]:
    """The fields of a document or a map."""
    known = {key.removeprefix("="): fields[key] for key in fields}
    return {key: decode(known[key]) for key in sorted(known)}


def encode_field(name: str, value: Any) -> Any:
    """A field of a document itself: `expires_at` is a timestamp.

    Raises: ValueError: as `encode` does; or the time is none in UTC, as
        `datetime.isoformat` writes it.
    """
    if name not in _TIMES or not isinstance(value, str):
        return encode(value)
    if datetime.fromisoformat(value).astimezone(UTC).isoformat() != value:
        raise ValueError(f"{name}: {value!r} is no time in UTC")
    stamp = Timestamp()
    stamp.FromJsonString(value)
    return _Value(timestamp_value=stamp)


def encode(value: Any) -> Any:
    """Raises: ValueError: no JSON, or a whole number beyond 64 bits."""
    match value:
        case None:
            content: dict[str, Any] = {"null_value": 0}
        case bool():
            content = {"boolean_value": value}
        case str():
            content = {"string_value": value}
        case int():
            content = {"integer_value": value}
        case float() if math.isfinite(value):
            content = {"double_value": value}
        case dict():
            fields = {_name(key): encode(one) for key, one in value.items()}
            content = {"map_value": {"fields": fields}}
        case list() | tuple():
            parts = [encode(_enclosed(one)) for one in value]
            content = {"array_value": {"values": parts}}
        case _:
            raise ValueError(f"{value!r:.40} is no JSON")
    return _Value(**content)


def decode(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    match kind:
        case "null_value":
            return None
        case "map_value":
            return decode_fields(value.map_value.fields)
        case "array_value":
            return [_freed(decode(one)) for one in value.array_value.values]
        case "timestamp_value":
            time: datetime = value.timestamp_value.ToDatetime(UTC)
            return time.isoformat()
    return getattr(value, kind)


def _name(key: str) -> str:
    return f"={key}" if _REFUSED.fullmatch(key) else key


def _enclosed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return {_LIST: list(value)}
    return {_MAP: value} if _is_mark(value) else value


def _freed(value: Any) -> Any:
    return next(iter(value.values())) if _is_mark(value) else value


def _is_mark(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) in ({_LIST}, {_MAP})
