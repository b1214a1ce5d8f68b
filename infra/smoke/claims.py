"""What only a real project can show, each with the test that shows it.

A test returns what it has seen, in a few words, or raises UnexpectedError.
Each number is that of the claim in docs/unproven.md.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import requests
from mmmflow import schema
from mmmflow.domain import jobs
from mmmflow.messaging import topology
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Delete,
    Execution,
    Update,
)

from infra.smoke.project import Project, UnexpectedError, require

T = TypeVar("T")
INDEXES = Path(__file__).parents[1] / "firestore.indexes.json"
_PATIENCE = 300.0
_LOOK_EVERY = 5.0
_DENIED = (301, 302, 401, 403)
_FOR_NOBODY = {  # an attempt of an experiment that is not there
    "MMMFLOW_EXPERIMENT": "20260101T000000Z-000000000000",
    "MMMFLOW_ATTEMPT": "1",
    "MMMFLOW_RUN_URI": "",
}


@dataclass(frozen=True)
class Claim:
    number: int
    words: str
    test: Callable[[Project], str]


def functions_are_active(project: Project) -> str:
    names = [*topology.SUBSCRIPTIONS, "api"]
    for name in names:
        state = project.function(name).get("state")
        require(state == "ACTIVE", f"{name} is {state}")
    return f"{len(names)} functions"


def strangers_are_refused(project: Project) -> str:
    for name in topology.SUBSCRIPTIONS:
        url = project.function(name)["serviceConfig"]["uri"]
        status = requests.post(url, json={}, timeout=30).status_code
        require(status in _DENIED, f"{name} answered {status} to a stranger")
    return "no function answers an unsigned push"


def pushes_are_signed(project: Project) -> str:
    count = 0
    for function, topics in topology.SUBSCRIPTIONS.items():
        for topic in topics:
            name = project.environment.subscription(function, topic)
            found = project.pubsub(name)
            token = found["pushConfig"].get("oidcToken", {})
            wanted = project.account("push")
            signer = token.get("serviceAccountEmail")
            require(signer == wanted, f"{name} is signed by {signer}")
            require(found["ackDeadlineSeconds"] == 600, f"{name}: deadline")
            buried = found.get("deadLetterPolicy", {})
            times = buried.get("maxDeliveryAttempts")
            require(
                function == "bury" or times == topology.MAX_DELIVERIES,
                f"{name} gives up after {times}",
            )
            count += 1
    return f"{count} subscriptions"


def pubsub_may_bury(project: Project) -> str:
    name = project.environment.topic(topology.DEAD_LETTER)
    policy = project.pubsub(f"{name}:getIamPolicy")
    agents = [
        member
        for binding in policy.get("bindings", ())
        if binding["role"] == "roles/pubsub.publisher"
        for member in binding["members"]
        if "gcp-sa-pubsub" in member
    ]
    require(agents, f"the Pub/Sub service agent may not publish to {name}")
    first: str = agents[0]
    return first


def a_push_arrives(project: Project) -> str:
    """A message that is refused is answered with a document."""
    key = f"smoke-{secrets.token_hex(6)}"
    body = {"schema_version": 1, "message_id": key, "actor": "smoke"}
    project.ports.messages.publish(
        "experiment.requested", json.dumps(body).encode(), {}
    )
    return _until(
        lambda: next(
            (
                f"answered: {document.id}"
                for document in project.ports.documents.query("requests")
                if key in json.dumps(document.data) or key in document.id
            ),
            None,
        ),
        "enqueue has not answered a request",
    )


def buckets_tell_of_objects(project: Project) -> str:
    buckets = {
        "uploads": project.environment.uploads,
        "data": project.environment.data,
    }
    for (among, prefix), topic in topology.NOTIFICATIONS.items():
        url = f"https://storage.googleapis.com/storage/v1/b/{buckets[among]}"
        found = project.get(f"{url}/notificationConfigs").get("items", [])
        told = {
            (item.get("object_name_prefix", ""), item["topic"].split("/")[-1])
            for item in found
        }
        name = project.environment.topic(topic).split("/")[-1]
        require((prefix, name) in told, f"{among}/{prefix} tells {told}")
    return f"{len(topology.NOTIFICATIONS)} prefixes"


def documents_are_compared_and_set(project: Project) -> str:
    documents, id = project.ports.documents, f"smoke-{secrets.token_hex(6)}"
    documents.commit([Create("settings", id, {"n": 1})])
    try:
        with _refused(AlreadyExistsError, "a second create"):
            documents.commit([Create("settings", id, {"n": 2})])
        found = documents.get("settings", id)
        require(found, "what was created is not there")
        assert found is not None  # noqa: S101  (for the type checker)
        documents.commit([Update("settings", id, found.version, {"n": 3})])
        with _refused(ConflictError, "a stale update"):
            documents.commit([Update("settings", id, found.version, {})])
    finally:
        documents.commit([Delete("settings", id)])
    return "created once, a stale update refused"


def indexes_are_ready(project: Project) -> str:
    database = (
        f"projects/{project.environment.project}"
        f"/databases/{project.environment.database}"
    )
    found = project.get(
        f"https://firestore.googleapis.com/v1/{database}"
        "/collectionGroups/-/indexes"
    ).get("indexes", [])
    waiting = [i["name"] for i in found if i["state"] != "READY"]
    require(not waiting, f"not ready: {waiting}")
    wanted = json.loads(INDEXES.read_text())["indexes"]
    require(
        len(found) >= len(wanted),
        f"{len(found)} of {len(wanted)} composite indexes are there",
    )
    return f"{len(found)} composite indexes"


def objects_are_created_once(project: Project) -> str:
    bucket, name = project.ports.data, f"smoke/{secrets.token_hex(6)}"
    bucket.create(name, b"one")
    try:
        with _refused(AlreadyExistsError, "a second create"):
            bucket.create(name, b"two")
        with _refused(ConflictError, "a write over another generation"):
            bucket.write(name, b"two", "1")
        require(bucket.read(name) == b"one", "it holds something else")
    finally:
        bucket.delete(name)
    return "created once, another generation refused"


def jobs_are_deployed(project: Project) -> str:
    for name, machine in jobs.JOBS.items():
        template = project.job(name)["template"]["template"]
        limits = template["containers"][0]["resources"]["limits"]
        wanted = {"cpu": str(machine.vcpus), "memory": f"{machine.gib}Gi"}
        require(
            {k: limits.get(k) for k in wanted} == wanted,
            f"{name} has {limits}",
        )
        tries = template.get("maxRetries", 0)
        require(tries == 0, f"{name} is tried again {tries} times")
    return f"{len(jobs.JOBS)} jobs"


def an_execution_ends_and_is_told(project: Project) -> str:
    """It can't find its run, and fails; that is what is looked at."""
    name = _start(project)
    ended = _ended(project, name)
    require(ended.state == "failed", f"{name} has {ended.state}")
    require(ended.reason, f"{name} failed without a reason")
    for variable, value in _FOR_NOBODY.items():
        told = ended.env.get(variable, "")
        require(told == value, f"{variable} was overridden as {told!r}")
    return f"{name}: {ended.reason}"


def its_end_is_in_the_audit_log(project: Project) -> str:
    name = _start(project)
    _ended(project, name)
    where = project.environment
    query = (
        f'logName="projects/{where.project}/logs/'
        'cloudaudit.googleapis.com%2Fsystem_event"'
        ' AND protoPayload.methodName="/Jobs.RunJob"'
        f' AND protoPayload.resourceName:"{name}"'
    )

    def look() -> str | None:
        found = project.post(
            "https://logging.googleapis.com/v2/entries:list",
            {"resourceNames": [f"projects/{where.project}"], "filter": query},
        ).get("entries", [])
        if not found:
            return None
        schema.require("execution.ended.json", found[0])
        return str(found[0]["protoPayload"]["resourceName"])

    return _until(look, f"no audit log entry names {name}")


def an_execution_is_cancelled(project: Project) -> str:
    name = _start(project)
    project.ports.jobs.cancel(name)
    state = _ended(project, name).state
    require(state in ("cancelled", "failed"), f"{name} has {state}")
    return f"{name} has {state}"


def its_log_is_read(project: Project) -> str:
    name = _start(project)
    _ended(project, name)
    lines = _until(
        lambda: project.ports.jobs.log(name, 10) or None,
        f"nothing that {name} wrote is in the log",
    )
    return f"{len(lines)} lines"


def workers_have_no_database(project: Project) -> str:
    policy = project.post(
        "https://cloudresourcemanager.googleapis.com/v1/projects/"
        f"{project.environment.project}:getIamPolicy",
        {},
    )
    for engine in jobs.MACHINES:
        member = f"serviceAccount:{project.account(engine)}"
        roles = [
            binding["role"]
            for binding in policy.get("bindings", ())
            if member in binding["members"]
            and ("datastore" in binding["role"] or "owner" in binding["role"])
        ]
        require(not roles, f"{member} has {roles}")
    return "no engine's account may read Firestore"


def people_pass_iap(project: Project) -> str:
    service = project.service("page")
    require(service.get("iapEnabled"), "IAP is off")
    status = requests.get(
        service["uri"], timeout=30, allow_redirects=False
    ).status_code
    require(status in _DENIED, f"the page answered {status} to a stranger")
    return f"a stranger is answered {status}"


def the_api_wants_a_token(project: Project) -> str:
    url = project.function("api")["serviceConfig"]["uri"]
    status = requests.get(f"{url}/api/v1/queues", timeout=30).status_code
    require(status in _DENIED, f"the API answered {status} to a stranger")
    return f"a stranger is answered {status}"


def _start(project: Project) -> str:
    return project.ports.jobs.start("native-small", _FOR_NOBODY, 60)


def _ended(project: Project, name: str) -> Execution:
    def look() -> Execution | None:
        found = project.ports.jobs.get(name)
        return found if found is not None and found.ended else None

    return _until(look, f"{name} has not ended")


def _until(look: Callable[[], T | None], otherwise: str) -> T:
    """What is seen within five minutes. Raises: UnexpectedError."""
    deadline = time.monotonic() + _PATIENCE
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise UnexpectedError(f"{otherwise} after {_PATIENCE:.0f} s")
        time.sleep(_LOOK_EVERY)
    return found


@contextmanager
def _refused(kind: type[Exception], what: str) -> Iterator[None]:
    """The block has to end with that error. Raises: UnexpectedError."""
    try:
        yield
    except kind:
        return
    raise UnexpectedError(f"{what} was not refused")


CLAIMS = tuple(
    Claim(number, words, test)
    for number, (words, test) in enumerate(
        (
            ("every function is deployed and active", functions_are_active),
            ("no function answers a stranger", strangers_are_refused),
            ("pushes are signed, and buried after ten", pushes_are_signed),
            ("Pub/Sub may publish to the dead-letter topic", pubsub_may_bury),
            ("a signed push reaches its function", a_push_arrives),
            ("buckets tell of their objects", buckets_tell_of_objects),
            (
                "documents are compared and set",
                documents_are_compared_and_set,
            ),
            ("every composite index is ready", indexes_are_ready),
            ("objects are created once", objects_are_created_once),
            ("every job has its machine, and one try", jobs_are_deployed),
            (
                "an execution is told its env, and says why it ended",
                an_execution_ends_and_is_told,
            ),
            (
                "its end is in the audit log, in the form expected",
                its_end_is_in_the_audit_log,
            ),
            ("an execution can be cancelled", an_execution_is_cancelled),
            ("what it wrote is read from the log", its_log_is_read),
            ("workers have no right on the database", workers_have_no_database),
            ("the page is behind IAP", people_pass_iap),
            ("the API wants a token", the_api_wants_a_token),
        ),
        start=1,
    )
)
