"""The entry points: what is deployed as functions.

Each decodes its event and calls its step; nothing is decided here. Steps
are imported when they are called, so that a cold start pays for its own.
"""

import logging
import os
import sys
from typing import Any

import functions_framework
from mmmflow import log, wiring
from mmmflow.messaging import dead_letters, events

if "K_SERVICE" in os.environ:  # set by Cloud Run, which reads its stdout
    log.configure(logging.StreamHandler(sys.stdout))


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def extract(event: Any) -> None:
    """Message `dataset.requested`."""
    from mmmflow.steps.extract import extract as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def ingest(event: Any) -> None:
    """Object under `uploads`."""
    from mmmflow.steps.ingest import ingest as step

    if (written := events.read_object(event)) is not None:
        step(written, wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def prepare(event: Any) -> None:
    """Object `dataset.json` or `mapping.json`; message `training.requested`."""
    from mmmflow.steps.prepare import prepare as step

    if (happened := events.read_either(event)) is not None:
        step(happened, wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def enqueue(event: Any) -> None:
    """Message `experiment.requested`."""
    from mmmflow.steps.enqueue import enqueue as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def launch(event: Any) -> None:
    """Message `queue.changed`."""
    from mmmflow.steps.launch import launch as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def collect(event: Any) -> None:
    """Object under `signals/`."""
    from mmmflow.steps.collect import collect as step

    if (written := events.read_object(event)) is not None:
        step(written, wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def rank(event: Any) -> None:
    """Message `ranking.changed`."""
    from mmmflow.steps.rank import rank as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def tally(event: Any) -> None:
    """Message `experiment.changed`."""
    from mmmflow.steps.tally import tally as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def notify(event: Any) -> None:
    """Message `experiment.changed`, `champion.changed`, `batch.changed`."""
    from mmmflow.steps.notify import notify as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def reconcile(event: Any) -> None:
    """Log entry: a job's execution has ended."""
    from mmmflow.steps.reconcile import reconcile as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def sweep(event: Any) -> None:
    """A timer."""
    from mmmflow.steps.sweep import sweep as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
@dead_letters.guarded
def costs(event: Any) -> None:
    """A timer."""
    from mmmflow.steps.costs import costs as step

    step(events.read_message(event), wiring.ports())


@functions_framework.cloud_event
@log.entry(events.labels)
def bury(event: Any) -> None:
    """A message that could not be delivered."""
    from mmmflow.steps.bury import bury as step

    step(events.read_any(event), wiring.ports())


@functions_framework.http
@log.entry()
def api(request: Any) -> Any:
    """The JSON API and the status page."""
    from mmmflow.steps.api import api as step

    return step(request, wiring.ports())
