"""results, champion, leaderboard, compare: what came of it."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import names, text
from mmmflow.cli.failures import SAYS_NO, fail
from mmmflow.cli.session import Asking, Session, pass_session

_FOLDER = click.Path(path_type=Path, file_okay=False)
_REPORT = "results/report.html"
Json = dict[str, Any]


@click.command(
    cls=Asking,
    example=(
        "mmmflow results last",
        "mmmflow results last --download ./model --open",
        "mmmflow results last --table models > models.csv",
    ),
)
@click.argument("id", default=names.LAST)
@click.option(
    "--download", type=_FOLDER, help="Write every file of it into this folder."
)
@click.option("--open", "opened", is_flag=True, help="Look at its report.")
@click.option("--table", help="One of its tables, as CSV; `list` names them.")
@pass_session
def results(
    session: Session,
    id: str,
    *,
    download: Path | None,
    opened: bool,
    table: str | None,
) -> None:
    """The selected model: fit, channels, proposed budget; and its files."""
    of = names.experiment(session.client, id)
    if table:
        _show_table(session, of, table)
        return
    found = session.client.get(f"/experiments/{of}")
    if not found.get("summary"):
        fail(
            SAYS_NO,
            of,
            f"it is {found['state']} and has no result",
            f"mmmflow show {of}",
        )
    session.show(found["summary"], lambda: _model(found))
    if download is not None:
        files = session.client.get(f"/experiments/{of}/files")["files"]
        for file in files:
            _fetch(session, of, file["name"], download)
        session.note(f"{len(files)} files in {download}")
    if opened:
        _open(session, of, found)


@click.command(
    cls=Asking, example=("mmmflow champion", "mmmflow champion DE revenue")
)
@click.argument("country", default="")
@click.argument("goal", default="")
@pass_session
def champion(session: Session, country: str, goal: str) -> None:
    """The best model of each country and goal, or of one."""
    if country and goal:
        one = session.client.get(f"/champions/{country}/{goal}")
        session.show(one, lambda: _champion(one))
        return
    listed = session.client.get("/champions")["champions"]
    found = [one for one in listed if country in ("", one["country"])]
    session.show(
        found,
        lambda: text.table(
            ("country", "goal", "score", "experiment", "since", ""),
            [
                (
                    one["country"],
                    one["goal"],
                    text.number(one["score"], 4),
                    one["experiment_id"],
                    text.time(one["updated_at"]),
                    one["headline"].partition(";")[0],
                )
                for one in found
            ],
            right=("score",),
        ),
    )


@click.command(cls=Asking, example="mmmflow leaderboard DE revenue")
@click.argument("country")
@click.argument("goal")
@pass_session
def leaderboard(session: Session, country: str, goal: str) -> None:
    """The best experiments of a country and goal, ranked."""
    found = session.client.get(f"/leaderboards/{country}/{goal}")
    session.show(found, lambda: f"{found['rule']}\n{_ranking(found)}")


@click.command(cls=Asking, example="mmmflow compare ID_BEFORE ID_AFTER")
@click.argument("before")
@click.argument("after")
@pass_session
def compare(session: Session, before: str, after: str) -> None:
    """Two finished experiments: fit, returns, budget, what differs."""
    found = session.client.get(
        "/comparisons",
        before=names.experiment(session.client, before),
        after=names.experiment(session.client, after),
    )
    session.show(found, lambda: comparison(found))


def comparison(found: Json) -> str:
    """Two runs side by side."""
    fit = text.table(
        ("fit", "before", "after"),
        [
            (
                one["measure"],
                text.number(one["before"], 4),
                text.number(one["after"], 4),
            )
            for one in found["fit"]
        ],
        right=(
            "before",
            "after",
        ),
    )
    channels = text.table(
        (
            "channel",
            "share",
            "→",
            "ROAS",
            "→ ",
            "CPA",
            "→  ",
            "proposed",
            "→   ",
        ),
        [
            (
                one["channel"],
                *_pair(one["share"], text.percent),
                *_pair(one["roas"], lambda v: text.number(v, 2)),
                *_pair(one["cpa"], lambda v: text.number(v, 2)),
                *_pair(one["spend_proposed"], lambda v: text.number(v, 0)),
            )
            for one in found["channels"]
        ],
    )
    config = [
        f"  {one['path']}: {text.cell(one['before'])} →"
        f" {text.cell(one['after'])}"
        for one in found["config"]
    ]
    return "\n\n".join(
        [
            found["headline"],
            fit,
            channels,
            "\n".join(["Configuration:", *(config or ["  the same"])]),
        ]
    )


def _pair(of: Json, shown: Callable[[float | None], str]) -> tuple[str, str]:
    return shown(of["before"]), shown(of["after"])


def _champion(found: Json) -> str:
    one = found["champion"]
    lines = [
        f"{one['country']}, {one['goal']}: {one['experiment_id']}",
        one["headline"],
    ]
    if found["leaderboard"]:
        lines += ["", _ranking(found["leaderboard"])]
    if found["comparison"]:
        lines += ["", "Beside the one before:", comparison(found["comparison"])]
    return "\n".join(lines)


def _ranking(board: Json) -> str:
    return text.table(
        ("rank", "score", "experiment", "quality"),
        [
            (
                one["rank"],
                text.number(one["score"], 4),
                one["experiment_id"],
                one.get("quality", {}).get("word", ""),
            )
            for one in board["ranking"]
        ],
        right=(
            "rank",
            "score",
        ),
    )


def _model(found: Json) -> str:
    from mmmflow.cli import model_text

    head = f"{found['country']} {found['adstock']}  {found['id']}"
    return "\n".join([head, *model_text.lines(found["summary"])])


def _show_table(session: Session, of: str, name: str) -> None:
    if name == "list":
        tables = session.client.get(f"/experiments/{of}/tables")["tables"]
        session.show(tables, lambda: "\n".join(tables))
        return
    path = f"/experiments/{of}/files/results/{name}.csv"
    if session.as_json:
        rows: list[Any] = []
        after: int | None = 0
        while after is not None:
            page = session.client.get(
                f"/experiments/{of}/tables/{name}", after=after
            )
            rows += page["rows"]
            after = page["next"]
        session.show({"columns": page["columns"], "rows": rows}, lambda: "")
        return
    for piece in session.client.text(path):
        click.echo(piece, nl=False)


def _fetch(session: Session, of: str, name: str, folder: Path) -> Path:
    """A file of the result. Raises: FailedError: its name leads elsewhere."""
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        fail(SAYS_NO, name, "a name that leads out of the folder")
    session.client.download(f"/experiments/{of}/files/{name}", target)
    return target


def _open(session: Session, of: str, found: Json) -> None:
    """The page or picture of the selected model, in the person's viewer."""
    picture = (found["result"] or {}).get("onepager", "")
    folder = (found["result"] or {}).get("folder", "")
    wanted = [_REPORT, picture.removeprefix(f"{folder}/")]
    name = next((one for one in wanted if one in found["files"]), "")
    if not name:
        fail(SAYS_NO, of, "it left neither a report nor a one-pager")
    place = _fetch(session, of, name, Path(tempfile.mkdtemp(prefix="mmmflow-")))
    click.launch(str(place))
    session.note(f"Opened {place}")
