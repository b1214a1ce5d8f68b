"""Progress: a line for each experiment, live or in a log."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from mmmflow.cli import text, wording
from mmmflow.local.main_job import Standing
from mmmflow.ports import Json, Ports
from mmmflow.show import views

_EVERY = 0.25


def watch(
    console: Console,
    ports: Ports,
    standing: Callable[[], Standing | None],
) -> Standing:
    """Show progress until the job is done; how it ended.

    Raises:
        InvalidInputError: the request was refused.
    """
    with display(console) as shown:
        while True:
            now = standing()
            if now is not None:
                for dataset in now.datasets:
                    shown.dataset(dataset.data)
                for experiment in sorted(now.experiments, key=lambda e: e.id):
                    shown.experiment(views.summary(ports, experiment.data))
                if now.done:
                    return now
            time.sleep(_EVERY)


def display(console: Console) -> "Live | Log":
    """Bars on a terminal, lines elsewhere."""
    return Live(console) if console.is_terminal else Log(console)


class Live:
    """Bars that move, for a terminal."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[name]}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Live":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def dataset(self, data: Json) -> None:
        what = _dataset_words(data)
        done = 1.0 if data["state"] in ("PREPARED", "FAILED") else 0.3
        self._show(data["id"], f"{data['country']} data", done, what)

    def experiment(self, shown: Json) -> None:
        self._show(
            shown["id"],
            text.harmless(wording.name(shown)),
            wording.fraction(shown),
            text.harmless(wording.describe(shown)),
        )

    def _show(self, id: str, name: str, done: float, what: str) -> None:
        if id not in self._tasks:
            self._tasks[id] = self._progress.add_task(
                what, total=1.0, name=name
            )
        task = self._tasks[id]
        self._progress.update(task, completed=done, description=what)
        if done == 1.0:
            self._progress.stop_task(task)


class Log:
    """A line for each change, for a file or a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, str] = {}
        self._began = time.monotonic()

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def dataset(self, data: Json) -> None:
        self._say(data["id"], f"{data['country']} data", _dataset_words(data))

    def experiment(self, shown: Json) -> None:
        words = wording.describe(shown)
        if shown["progress"]:  # its figures change too often for a log
            words = words.partition(", ")[0]
        self._say(shown["id"], wording.name(shown), text.harmless(words))

    def _say(self, id: str, name: str, what: str) -> None:
        if self._said.get(id) != what:
            self._said[id] = what
            seconds = time.monotonic() - self._began
            self._console.print(
                f"{seconds:6.1f} s  {name:<16} {what}",
                soft_wrap=True,
                markup=False,
                highlight=False,
            )


def _dataset_words(data: Json) -> str:
    if data["state"] == "PREPARED":
        training = data["trainings"][data["prepared_with"]]
        return (
            f"prepared: {training['rows']} {training['interval']}s,"
            f" {training['start']} … {training['end']}"
        )
    if data["state"] == "FAILED":
        return "FAILED"
    rows = f", {data['rows']} rows" if data["rows"] else ""
    return f"{data['state'].lower()}{rows}"
