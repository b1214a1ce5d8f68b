"""The Firestore emulator of the Google Cloud CLI."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.emulators import processes

JAR = "cloud-firestore-emulator/cloud-firestore-emulator.jar"
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


def start(
    port: int | None = None, stored: Path | None = None
) -> processes.Server:
    """Start it; skips the test where the emulator is not there.

    Args:
        port: to listen on; a free one, unless it has to be the same again.
        stored: an export that it begins with; empty without.
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
    if stored is not None:
        command += ["--seed_from_export", str(stored)]
    return processes.start(command, port)


def export(address: str, project: str, folder: Path) -> Path:
    """Write what the project's database holds, for `start` to begin with."""
    name = "export"
    asked = {
        "database": f"projects/{project}/databases/(default)",
        "export_directory": str(folder),
        "export_name": name,
    }
    request = urllib.request.Request(
        f"http://{address}/emulator/v1/projects/{project}:export",
        data=json.dumps(asked).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
    return folder / name / f"{name}.overall_export_metadata"


@contextmanager
def emulated() -> Iterator[str]:
    """`host:port`, for FIRESTORE_EMULATOR_HOST."""
    server = start()
    try:
        yield server.address
    finally:
        server.stop()
