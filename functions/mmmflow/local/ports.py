"""The ports of one machine, all under one folder."""

import os
from pathlib import Path

from mmmflow.local.billing import NoBilling
from mmmflow.local.database import Database
from mmmflow.local.documents import SqliteDocuments
from mmmflow.local.identity import open_identity
from mmmflow.local.jobs import SubprocessJobs
from mmmflow.local.messages import SqliteMessages
from mmmflow.local.objects import FolderBucket
from mmmflow.local.secrets import FileSecrets
from mmmflow.local.warehouse import DuckDbWarehouse
from mmmflow.people.outside import HttpOutside
from mmmflow.ports import Ports
from mmmflow.system import SystemClock, SystemEntropy

_PRIVATE = "MMMFLOW_PRIVATE_TARGETS"


def open_ports(home: Path) -> Ports:
    """Open, and make where they are not, the services under `home`.

    MMMFLOW_PRIVATE_TARGETS=1 lets notifications go to this machine's own
    network, and by http.
    """
    home = home.resolve()
    database = Database(home / "state.db")
    bus = SqliteMessages(database)
    return Ports(
        documents=SqliteDocuments(database),
        uploads=FolderBucket("uploads", home / "uploads", database, bus),
        data=FolderBucket("data", home / "data", database, bus),
        messages=bus,
        jobs=SubprocessJobs(home, database, bus),
        warehouse=DuckDbWarehouse(home / "warehouse"),
        secrets=FileSecrets(home / "secrets"),
        outside=HttpOutside(private=os.environ.get(_PRIVATE) == "1"),
        identity=open_identity(),
        billing=NoBilling(),
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )
