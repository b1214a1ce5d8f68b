"""ls, show, batches, cancel, retry, delete: experiments, one and many."""

from typing import Any

import click

from mmmflow.cli import names, text, wording
from mmmflow.cli.session import Asking, Session, pass_session

_STATES = (
    "WAITING",
    "QUEUED",
    "LAUNCHING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "SKIPPED",
    "CANCELLED",
)
Json = dict[str, Any]


@click.command(
    cls=Asking,
    example=(
        "mmmflow ls",
        "mmmflow ls --state FAILED --country DE",
        "mmmflow ls --label team=growth --since 2026-11-01 --json",
    ),
)
@click.option("--country")
@click.option("--goal")
@click.option("--state", type=click.Choice(_STATES, case_sensitive=False))
@click.option("--batch", "batch_id", help="Of this batch.")
@click.option("--queue")
@click.option("--label", help="name=value")
@click.option("--since", help="Made on this day (UTC) or later.")
@click.option("--until", help="Made on this day (UTC) or before.")
@click.option("--limit", default=20, show_default=True)
@pass_session
def ls(
    session: Session, /, *, label: str | None, limit: int, **given: Any
) -> None:
    """Experiments, the newest first: how each stands, and why."""
    labels = names.pairs([label] if label else [], "--label")
    wanted = {**given, **{f"label.{k}": v for k, v in labels.items()}}
    found = session.client.listed("/experiments", "experiments", wanted, limit)
    session.show(found, lambda: _table(found) if found else "None.")


@click.command(
    cls=Asking,
    example=("mmmflow show last", "mmmflow show last --json"),
)
@click.argument("id")
@pass_session
def show(session: Session, id: str) -> None:
    """All that is known of an experiment: state, reason, log's end."""
    of = names.experiment(session.client, id)
    found = session.client.get(f"/experiments/{of}")
    failed = found["state"] == "FAILED"
    log = session.client.get(f"/experiments/{of}/log") if failed else None
    session.show(found, lambda: _one(found, log))


@click.command(
    cls=Asking,
    example=(
        "mmmflow batches",
        "mmmflow batches 20261120T104512Z-1f3a9c0b77de",
    ),
)
@click.argument("id", default="")
@click.option("--limit", default=20, show_default=True)
@pass_session
def batches(session: Session, id: str, limit: int) -> None:
    """The newest batches, or how far one is."""
    if id:
        one = session.client.get(f"/batches/{id}")
        states = {k: v for k, v in one["states"].items() if v}
        total = f"{one['ended']} of {one['experiments']} ended"
        session.show(
            one, lambda: text.fields({"batch": id, "": total, **states})
        )
        return
    found = session.client.listed("/batches", "batches", {}, limit)
    session.show(
        found,
        lambda: text.table(
            ("batch", "state", "experiments", "made", "by"),
            [
                (
                    one["id"],
                    one["state"],
                    one["total"],
                    text.time(one["created_at"]),
                    one["actor"],
                )
                for one in found
            ],
            right=("experiments",),
        ),
    )


@click.command(
    cls=Asking,
    example=("mmmflow cancel last", 'mmmflow cancel ID ID --why "wrong data"'),
)
@click.argument("ids", nargs=-1, required=True)
@click.option("--why", default="", help="Kept with who cancelled it.")
@pass_session
def cancel(session: Session, ids: tuple[str, ...], why: str) -> None:
    """End experiments, queued or running."""
    _command(session, ids, "cancel", why)


@click.command(
    cls=Asking, example=("mmmflow retry last", "mmmflow retry ID ID")
)
@click.argument("ids", nargs=-1, required=True)
@click.option("--why", default="", help="Kept with who retried it.")
@pass_session
def retry(session: Session, ids: tuple[str, ...], why: str) -> None:
    """Run experiments that have ended once more."""
    _command(session, ids, "retry", why)
    session.note_who_works()


@click.command(
    cls=Asking,
    example=("mmmflow delete ID --yes", "mmmflow delete ID --files --yes"),
)
@click.argument("id")
@click.option("--files", is_flag=True, help="Its files in the bucket, too.")
@click.confirmation_option("--yes", prompt="Forget this experiment for good?")
@pass_session
def delete(session: Session, id: str, files: bool) -> None:
    """Forget an experiment that has ended; never a champion."""
    reply = session.client.ask(
        "DELETE",
        f"/experiments/{id}",
        query={"objects": "remove" if files else "keep"},
    )
    session.show(reply.data, lambda: f"{id} {reply.message}")


def _command(
    session: Session, ids: tuple[str, ...], word: str, why: str
) -> None:
    body = {"why": why} if why else {}
    replies = [
        session.client.post(
            f"/experiments/{names.experiment(session.client, id)}/{word}", body
        )
        for id in ids
    ]
    session.show(
        [reply.data for reply in replies],
        lambda: "\n".join(
            f"{reply.data['id']}  {reply.data['state']}  {reply.message}"
            for reply in replies
        ),
    )


def _table(found: list[Json]) -> str:
    return text.table(
        ("experiment", "country", "adstock", "search", "made", "", ""),
        [
            (
                one["id"],
                one["country"],
                one["adstock"],
                f"{one['iterations']} × {one['trials']}",
                text.age(one["created_at"]),
                *_words(one),
            )
            for one in found
        ],
    )


def _words(one: Json) -> tuple[str, str]:
    """Its state, and what there is to say about it."""
    waits = ", ".join(f"{k} {v}" for k, v in (one["waits_for"] or {}).items())
    if one["state"] == "WAITING" and waits:
        return "WAITING", f"for {waits}"
    if one["error"]:
        error = one["error"]
        hint = f" ({error['hint']})" if error["hint"] else ""
        return one["state"], f"in {error['step']}: {error['error']}{hint}"
    words = wording.describe(one)
    rest = words.removeprefix(one["state"]).strip()
    return one["state"], rest


def _one(one: Json, log: Json | None) -> str:
    state, words = _words(one)
    window = one["window"] or {}
    shown: dict[str, object] = {
        "experiment": one["id"],
        "state": f"{state}  {words}",
        "country": one["country"],
        "goal": one["goal"],
        "model": f"{one['engine']}, {one['adstock']},"
        f" {one['iterations']} × {one['trials']}",
        "window": window
        and f"{window.get('start') or ''} … {window.get('end') or ''}",
        "dataset": one["dataset_id"],
        "mapping": one["mapping_version"],
        "queue": f"{one['queue']}, priority {one['priority']:g}",
        "batch": one["batch_id"],
        "labels": ", ".join(f"{k}={v}" for k, v in one["labels"].items()),
        "attempt": f"{one['attempt']}, {one['tries']} of"
        f" {one['max_tries']} tries used",
        "made": f"{text.time(one['created_at'])} by {one['actor']}",
        "started": text.time(one["started_at"]),
        "ended": text.time(one["ended_at"]),
        "correlation": one["correlation_id"],
        "execution": one["execution"],
    }
    lines = [text.fields(shown)]
    if log and log["text"]:
        tail = log["text"].rstrip().splitlines()[-15:]
        lines += ["", "The log's end:", *(f"  {line}" for line in tail)]
    return "\n".join(lines)
