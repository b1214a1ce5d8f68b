"""What people are told, in plain words; and how each kind of target takes it.

A target is a webhook (it gets the event as JSON), a chat (Slack, Google Chat
and Mattermost take `{"text": …}`), or a mail, sent through the webhook of a
mail provider that takes `{"from", "to", "subject", "text"}`, as Resend does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmmflow.domain.errors import Problem
from mmmflow.domain.redaction import redact_text

Data = dict[str, Any]

TERMINAL: Mapping[str, str] = {
    "SUCCEEDED": "experiment.succeeded",
    "FAILED": "experiment.failed",
    "SKIPPED": "experiment.skipped",
    "CANCELLED": "experiment.cancelled",
}
_MOST = 2000  # characters of a text: what every chat still takes


@dataclass(frozen=True)
class Notice:
    """A title of a line, a text of a few."""

    event: str
    title: str
    text: str

    def as_json(self) -> Data:
        return {"event": self.event, "title": self.title, "text": self.text}


def event_of(topic: str, body: Mapping[str, Any]) -> str | None:
    """What a target may ask to be told of; None for what nobody is told."""
    if topic == "experiment.changed":
        return TERMINAL.get(body["state"])
    return topic


def wants(
    target: Mapping[str, Any], event: str, body: Mapping[str, Any]
) -> bool:
    """A batch is of no country: every target that asks for batches is told."""
    countries = target.get("countries")
    of_country = not countries or body.get("country", countries[0]) in countries
    return bool(target["enabled"] and event in target["events"] and of_country)


def notice(
    event: str, body: Mapping[str, Any], experiment: Mapping[str, Any] | None
) -> Notice:
    """The words for an event; `experiment` is its document, if still there."""
    if event == "champion.changed":
        title, lines = _champion(body)
    elif event == "batch.changed":
        title, lines = _batch(body)
    else:
        title, lines = _experiment(event, body, experiment or {})
    text = redact_text("\n".join(line for line in lines if line))
    return Notice(event, title, text[:_MOST])


def _champion(body: Mapping[str, Any]) -> tuple[str, list[str]]:
    return (
        f"New champion: {body['country']}, {body['goal']}",
        [
            body.get("headline", ""),
            f"Experiment {body['experiment_id']}, score {body['score']:.4g}.",
        ],
    )


def _batch(body: Mapping[str, Any]) -> tuple[str, list[str]]:
    counts, total = body["counts"], body["total"]
    rest = ", ".join(
        f"{number} {state}"
        for state, number in counts.items()
        if number and state != "succeeded"
    )
    return (
        f"Batch done: {counts['succeeded']} of {total} succeeded",
        [rest and f"The rest: {rest}.", f"Batch {body['batch_id']}."],
    )


_WORDS: Mapping[str, str] = {
    "experiment.succeeded": "A run is done",
    "experiment.failed": "A run failed",
    "experiment.skipped": "A run was skipped",
    "experiment.cancelled": "A run was cancelled",
}


def _experiment(
    event: str, body: Mapping[str, Any], experiment: Mapping[str, Any]
) -> tuple[str, list[str]]:
    goal = f", {experiment['goal']}" if experiment.get("goal") else ""
    lines = [f"Experiment {body['experiment_id']}, attempt {body['attempt']}."]
    # The document may have moved on since: then the event alone is told.
    if experiment.get("state") == body["state"]:
        error, result = experiment.get("error"), experiment.get("result")
        if event in ("experiment.failed", "experiment.skipped") and error:
            lines = [f"In {error['step']}: {error['error']}", *lines]
            lines += [f"What to do: {error['hint']}"] if error["hint"] else []
        elif event == "experiment.succeeded" and result:
            quality = result.get("quality", {}).get("word", "not judged")
            lines = [f"Error {result['score']:.4g}, {quality}.", *lines]
    return f"{_WORDS[event]}: {body['country']}{goal}", lines


def payload(
    target: Mapping[str, Any],
    told: Notice,
    key: str,
    body: Mapping[str, Any],
) -> Data:
    """What is posted; `key` is the same at every try of the same notice."""
    if target["kind"] == "chat":
        return {"text": _plain(f"{told.title}\n{told.text}")}
    if target["kind"] == "mail":
        return {
            "from": target["sender"],
            "to": target["address"],
            "subject": told.title,
            "text": told.text,
        }
    return {"schema_version": 1, "id": key, **told.as_json(), "data": body}


def _plain(text: str) -> str:
    """No error's text may call a channel or hide a link."""
    return text.replace("<", "‹").replace(">", "›")


def problems(target: Mapping[str, Any]) -> Sequence[Problem]:
    """What in a target contradicts itself."""
    found = []
    if ("url" in target) == ("url_secret" in target):
        found.append(
            Problem(
                "url",
                "give either url or url_secret",
                "a chat's URL is a secret: store it as one, and name that",
            )
        )
    if target["kind"] == "mail":
        found += [
            Problem(field, "a mail needs it")
            for field in ("sender", "address")
            if field not in target
        ]
    return found
