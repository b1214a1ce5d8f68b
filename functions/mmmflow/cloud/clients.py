"""Clients of the services that speak gRPC: Google's, or a stand-in's."""

from typing import Any, TypeVar

C = TypeVar("C")


def client(kind: type[C], endpoint: str) -> C:
    """A client of that class; of the service itself if `endpoint` is "".

    Args:
        kind: a class of Google's generated clients, as `JobsClient`.
        endpoint: `host:port` of a stand-in, reached without TLS.
    """
    if not endpoint:
        return kind()
    import grpc

    generated: Any = kind
    transport = generated.get_transport_class("grpc")
    channel = grpc.insecure_channel(endpoint)
    stand_in: C = generated(transport=transport(channel=channel))
    return stand_in
