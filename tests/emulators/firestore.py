"""The Firestore emulator of the Google Cloud CLI."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.emulators import processes

JAR = "cloud-firestore-emulator/cloud-firestore-emulator.jar"
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


def start(port: int | None = None) -> processes.Server:
    """Start it, empty; skips the test where the emulator is not there.

    Args:
        port: to listen on; a free one, unless it has to be the same again.
    """
    jar = processes.emulator(JAR, "google-cloud-cli-firestore-emulator")
    port = processes.free_port() if port is None else port
    command = [
        processes.java(),
        *processes.JVM,
        "-Duser.language=en",
        "-cp",
        str(jar),
        MAIN,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    return processes.start(command, port)


@contextmanager
def emulated() -> Iterator[str]:
    """`host:port`, for FIRESTORE_EMULATOR_HOST."""
    server = start()
    try:
        yield server.address
    finally:
        server.stop()
