"""How fast the status list answers fifty clients at once.

    python -m tests.bench.bench_api

Each client asks for the newest fifty experiments again and again, over HTTP,
from a server of this machine with as many experiments as a busy team has. It
asks as the status page does while nothing changes, with the ETag of what it
has (an answer of 304), and beside that without one (the whole list). Times
are those of whole requests, connection included; the last line is JSON.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

from mmmflow import wiring
from mmmflow.local.server import Server
from mmmflow.steps import enqueue
from mmmflow.submit import requests

_LIST = "/api/v1/experiments?limit=50"
_STORED = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--requests", type=int, default=20, help="a client")
    given = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["MMMFLOW_HOME"] = str(home)
        wiring.ports.cache_clear()
        _store(_STORED)
        port = int(stack.enter_context(Server(0)).url.rpartition(":")[2])
        etag, size = _etag(port)
        told = {"If-None-Match": etag}
        found: dict[str, object] = {
            "clients": given.clients,
            "requests": given.clients * given.requests,
            "stored": _STORED,
            "bytes_of_a_miss": size,
        }
        for name, headers, status in (
            ("hit", told, 304),
            ("miss", {}, 200),
        ):
            times, seconds = _ask(
                port, headers, status, given.clients, given.requests
            )
            found[name] = _figures(times, seconds)
        found["load"] = round(os.getloadavg()[0], 1)
    for name in ("hit", "miss"):
        print(f"{name:5} {found[name]}")
    print(json.dumps(found))
    return 0


def _store(count: int) -> None:
    body = {
        "schema_version": 1,
        "message_id": "bench",
        "experiment": {"country": "DE"},
        "sweep": {"seed": list(range(50))},
    }
    for number in range(count // 50):
        one = {**body, "message_id": f"bench-{number}"}
        asked = requests.read("experiment.requested", one)
        enqueue.submit(asked, wiring.ports())


def _etag(port: int) -> tuple[str, int]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", _LIST)
    answer = connection.getresponse()
    size = len(answer.read())
    connection.close()
    return answer.headers["ETag"], size


def _ask(
    port: int, headers: dict[str, str], status: int, clients: int, each: int
) -> tuple[list[float], float]:
    """(milliseconds of every request, seconds of all of them together).

    Raises: ValueError: an answer was another than expected.
    """
    times: list[float] = []
    wrong: list[int] = []
    ready = threading.Barrier(clients + 1)

    def client() -> None:
        ready.wait()
        for _ in range(each):
            began = time.perf_counter()
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", _LIST, headers=headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            times.append((time.perf_counter() - began) * 1000)
            if answer.status != status:
                wrong.append(answer.status)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if wrong or len(times) != clients * each:
        raise ValueError(f"answers {sorted(set(wrong))}, expected {status}")
    return times, time.perf_counter() - began


def _figures(times: Sequence[float], seconds: float) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "max_ms": round(max(times), 1),
        "per_second": round(len(times) / seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
