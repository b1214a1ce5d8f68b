"""Leases a second, 20 contenders for a few slots, on either store.

The alternative is the client library's own way on Firestore: a transaction
that reads the free slots and writes one, run again by the library when
another came first. Run by `make bench-leases`; figures end in a line of JSON.
"""

import argparse
import json
import os
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from google.api_core import exceptions as api
from google.cloud import firestore
from mmmflow.cloud.documents import FirestoreDocuments
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.failures import RETRY
from mmmflow.local.database import Database
from mmmflow.local.documents import SqliteDocuments

from tests import leases
from tests.emulators import firestore as emulator

_EMULATOR = "FIRESTORE_EMULATOR_HOST"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contenders", type=int, default=20)
    parser.add_argument("--slots", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15.0)
    options = parser.parse_args()
    figures: dict[str, Any] = {
        "contenders": options.contenders,
        "slots": options.slots,
        "load_before": round(os.getloadavg()[0], 2),
    }
    with emulator.emulated() as host, tempfile.TemporaryDirectory() as home:
        os.environ[_EMULATOR] = host
        sqlite = SqliteDocuments(Database(Path(home) / "state.db"))
        cloud = FirestoreDocuments(_environment())
        for name, documents in (("sqlite", sqlite), ("firestore", cloud)):
            leases.make_slots(documents, options.slots)
            tally = leases.contend(
                documents, options.contenders, options.rounds
            )
            figures[name] = {
                "leases_per_second": round(tally.leases / tally.seconds, 1),
                "conflicts_per_lease": round(tally.conflicts / tally.leases, 2),
                "double_leases": len(tally.doubled),
            }
            print(f"{name}: {figures[name]}", flush=True)
        figures["transactions"] = transactions(options)
        print(f"transactions: {figures['transactions']}", flush=True)
    figures["load_after"] = round(os.getloadavg()[0], 2)
    print(json.dumps(figures))


def _environment() -> Environment:
    project = f"mmmflow-{uuid.uuid4().hex[:8]}"
    return Environment(project, "europe-west3", "b", "(default)", "u", "d")


def transactions(options: argparse.Namespace) -> dict[str, float]:
    """The same work in contended transactions, cut off after the seconds."""
    environment = _environment()
    leases.make_slots(FirestoreDocuments(environment), options.slots)
    client = firestore.Client(project=environment.project)
    slots = client.collection(leases.SLOTS)
    rows = client.collection(leases.ROWS)
    until = time.monotonic() + options.seconds
    lock, granted, aborted = threading.Lock(), [0], [0]

    @firestore.transactional
    def take(transaction: Any, holder: str) -> str | None:
        for slot in slots.stream(transaction=transaction):
            if slot.get("holder") is None:
                transaction.update(slot.reference, {"holder": holder})
                transaction.set(rows.document(holder), {"slot": slot.id})
                return str(slot.id)
        return None

    def work(number: int) -> None:
        for turn in range(options.rounds):
            slot = None
            while slot is None and time.monotonic() < until:
                try:
                    slot = take(client.transaction(), f"{number}-{turn}")
                except (api.GoogleAPICallError, ValueError):  # gave up
                    with lock:
                        aborted[0] += 1
            if slot is None:
                return
            with lock:
                granted[0] += 1
            give_back = RETRY(slots.document(slot).update)
            give_back({"holder": None})

    threads = [
        threading.Thread(target=work, args=(number,))
        for number in range(options.contenders)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    return {
        "leases_per_second": round(granted[0] / seconds, 1),
        "given_up_per_lease": round(aborted[0] / max(granted[0], 1), 2),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    main()
