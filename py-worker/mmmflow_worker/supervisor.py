"""The life of one attempt: claim, fetch, train, upload, say how it ended."""

import contextlib
import json
import logging
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError
from mmmflow.log import label
from mmmflow.ports import AlreadyExistsError, NotFoundError

from mmmflow_worker import engine, manifest, outcome
from mmmflow_worker.claim import claim
from mmmflow_worker.engine import Stopped
from mmmflow_worker.outcome import Outcome
from mmmflow_worker.task import Task

log = logging.getLogger(__name__)

LOG = "robyn_console.log"
_OF_LIMIT = 0.95
_NEARLY = 0.9
_TO_BEGIN = 5.0  # seconds that a process may take before its clock begins
_FOR_PARTIAL = 3.0  # seconds, once everything else is said
_LIVE = ("progress.json", LOG)
_LOGGED = ("outcome", "step", "error", "reason")


def supervise(
    task: Task,
    interrupted: Callable[[], bool],
    commands: Mapping[str, Sequence[str]] = engine.COMMANDS,
) -> int:
    """Run the attempt; the exit code of the process.

    A worker whose claim is refused leaves without a word: 0.
    """
    label(
        experiment_id=task.experiment_id,
        attempt=task.attempt,
        execution=task.execution,
    )
    if not claim(task):
        log.info("attempt %s is claimed by another worker", task.attempt)
        return 0
    with tempfile.TemporaryDirectory(prefix="mmmflow-") as temporary:
        attempt = _Attempt(task, Path(temporary))
        ended = attempt.run(interrupted, commands)
    return 1 if ended.outcome == "failed" else 0


class _Attempt:
    """One claimed attempt, in a local folder with `in` and `out`."""

    def __init__(self, task: Task, folder: Path) -> None:
        self._task = task
        self._folder = folder
        self._out = folder / "out"
        self._config: dict[str, Any] = {}
        self._uploaded: dict[str, bytes] = {}
        self._next_upload = 0.0
        self._began = time.monotonic()
        (folder / "in").mkdir()
        self._out.mkdir()

    def run(
        self,
        interrupted: Callable[[], bool],
        commands: Mapping[str, Sequence[str]],
    ) -> Outcome:
        try:
            self._fetch()
        except (InvalidInputError, NotFoundError) as error:
            ended = Outcome(
                "failed", "fetch", str(error), "submit the experiment again"
            )
            self._finish(ended)
            return ended
        self._signal("started", {})
        result = engine.run(
            commands[self._config["engine"]["name"]],
            self._folder,
            seconds=self._task.timeout_seconds * _OF_LIMIT - self._age,
            interrupted=interrupted,
            tick=self._upload_live,
        )
        if result.stopped is Stopped.INTERRUPTED and self._is_at_limit():
            result = replace(result, stopped=Stopped.TIMEOUT)
        ended = outcome.judge(result, self._out, self._task.timeout_seconds)
        self._finish(ended)
        if result.stopped is not None:
            self._upload_partial()
        return ended

    @property
    def _age(self) -> float:
        return time.monotonic() - self._began

    def _is_at_limit(self) -> bool:
        """The platform, whose clock began before ours, ends us for it."""
        limit = self._task.timeout_seconds
        return self._age > min(limit * _NEARLY, limit - _TO_BEGIN)

    def _fetch(self) -> None:
        """Config and data, checked against what the config says they are."""
        bucket, inputs = self._task.bucket, self._folder / "in"
        path = inputs / "job_config.json"
        bucket.download(paths.job_config(self._task.run), path)
        try:
            config = schema.parse(path.read_text())
        except ValueError as error:
            raise InvalidInputError.of(path.name, f"no JSON: {error}") from None
        self._config = config
        label(correlation_id=config.get("correlation_id"))
        schema.require("job_config.json", config)
        queued_with = config["engine"].get("image", self._task.image)
        if self._task.image != queued_with:
            log.warning(
                "the attempt runs in %s; it was queued with %s",
                self._task.image or "no image",
                queued_with,
            )
        data = inputs / "input_data.parquet"
        bucket.download(_data_name(config), data, config["data"]["generation"])
        if manifest.sha256(data) != config["data"]["sha256"]:
            raise InvalidInputError.of(
                config["data"]["uri"], "its checksum is not the config's"
            )
        if config.get("previous") is not None:
            self._fetch_previous(config["previous"])

    def _fetch_previous(self, previous: Mapping[str, Any]) -> None:
        """The model that the run refreshes, as it was when it was frozen."""
        path = self._folder / "in" / "previous.json"
        self._task.bucket.download(
            previous["name"], path, previous["generation"]
        )
        if manifest.sha256(path) != previous["sha256"]:
            raise InvalidInputError.of(
                previous["name"], "its checksum is not the config's"
            )

    def _upload_live(self) -> None:
        """Progress and log, when due and changed."""
        now = time.monotonic()
        if now < self._next_upload:
            return
        self._next_upload = now + self._task.progress_seconds
        for name in _LIVE:
            with contextlib.suppress(FileNotFoundError):
                self._upload(name, self._path(name).read_bytes())

    def _upload(self, name: str, content: bytes) -> None:
        if self._uploaded.get(name) != content:
            self._task.bucket.write(f"{self._task.folder}/{name}", content)
            self._uploaded[name] = content

    def _finish(self, ended: Outcome) -> None:
        """The result if there is one, then the manifest, then the signal."""
        for name in _LIVE:
            with contextlib.suppress(FileNotFoundError):
                self._upload(name, self._path(name).read_bytes())
        said = ended.as_signal()
        if ended.outcome == "succeeded":
            said["manifest_generation"] = self._upload_result()
        self._signal("finished", said)

    def _upload_result(self) -> str:
        """Every file of the result; the generation of the manifest."""
        files = sorted(p for p in self._out.rglob("*") if p.is_file())
        generations = {}
        for path in files:
            name = path.relative_to(self._out).as_posix()
            if name not in _LIVE:
                stored = self._task.bucket.write(
                    f"{self._task.folder}/{name}", path
                )
                generations[name] = stored.generation
        content = manifest.build(
            self._config,
            self._task.attempt,
            manifest.sha256(self._folder / "in" / "job_config.json"),
            self._out,
            generations,
            image=self._task.image,
        )
        schema.require("manifest.json", content)
        stored = self._task.bucket.write(
            f"{self._task.folder}/manifest.json",
            json.dumps(content, indent=1).encode(),
        )
        return stored.generation

    def _upload_partial(self) -> None:
        """What a stopped engine had found, while there is time.

        Nothing depends on it: the end is said by then. The marker is last.
        Where the claim is gone, the experiment was deleted meanwhile.
        """
        until = time.monotonic() + max(
            _FOR_PARTIAL, self._task.timeout_seconds - self._age - _TO_BEGIN
        )
        marker = self._out / outcome.MARKER
        claim_name = paths.claim(self._task.run, self._task.attempt)
        if not marker.is_file() or self._task.bucket.stat(claim_name) is None:
            return
        found = marker.parent.rglob("*")
        others = sorted(p for p in found if p.is_file() and p != marker)
        for path in (*others, marker):
            if time.monotonic() > until:
                log.warning("no time is left to store %s", path.name)
                return
            name = path.relative_to(self._out).as_posix()
            self._task.bucket.write(f"{self._task.folder}/{name}", path)

    def _signal(
        self, kind: Literal["started", "finished"], said: Mapping[str, Any]
    ) -> None:
        body = {
            "schema_version": 1,
            "kind": kind,
            "experiment_id": self._task.experiment_id,
            "attempt": self._task.attempt,
            "correlation_id": self._config.get("correlation_id", "unknown"),
            "execution": self._task.execution,
            "sent_at": datetime.now(UTC).isoformat(),
            **said,
        }
        schema.require("signal.json", body)
        what = [kind, *(str(said[name]) for name in _LOGGED if name in said)]
        log.info("attempt %s %s", self._task.attempt, ", ".join(what))
        name = paths.signal(self._task.experiment_id, self._task.attempt, kind)
        with contextlib.suppress(AlreadyExistsError):
            self._task.bucket.create(name, json.dumps(body).encode())

    def _path(self, name: str) -> Path:
        if name == LOG:
            return self._folder / "console.log"
        return self._out / name


def _data_name(config: Mapping[str, Any]) -> str:
    """The training data's object; older configurations leave it unsaid."""
    named: str | None = config["data"].get("name")
    folder = paths.training_data(
        config["country"], config["dataset_id"], config["mapping_version"]
    )
    return named or f"{folder}/input_data.parquet"
