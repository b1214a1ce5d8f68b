"""Servers of Google's gRPC services, of handlers by name."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc

Context = Any
Handler = Callable[[Any, Context], Any]


@dataclass(frozen=True)
class Method:
    """A unary call: its handler, and the message types of both ways."""

    handle: Handler
    request: Any
    answer: Any


Services = Mapping[str, Mapping[str, Method]]


def serve(services: Services, port: int = 0) -> tuple[grpc.Server, int]:
    """Serve on loopback; the server, started, and its port.

    Args:
        services: methods by name, by full name of the service, as
            `google.cloud.run.v2.Jobs`.
        port: to listen on; 0 for a free one.
    """
    server = grpc.server(ThreadPoolExecutor(16))
    for service, methods in services.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                method.handle,
                request_deserializer=_reader(method.request),
                response_serializer=_writer(method.answer),
            )
            for name, method in methods.items()
        }
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(service, handlers)]
        )
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def refuse(context: Context, code: grpc.StatusCode, words: str) -> NoReturn:
    """End the call with an error."""
    context.abort(code, words)
    raise AssertionError("abort does not return")


def _reader(kind: Any) -> Callable[[bytes], Any]:
    """Of a message of proto-plus, or of plain protobuf."""
    reader: Callable[[bytes], Any] = (
        kind.deserialize if hasattr(kind, "deserialize") else kind.FromString
    )
    return reader


def _writer(kind: Any) -> Callable[[Any], bytes]:
    writer: Callable[[Any], bytes] = (
        kind.serialize if hasattr(kind, "serialize") else kind.SerializeToString
    )
    return writer
