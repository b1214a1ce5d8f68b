"""allocate: another budget with a finished model, without a job."""

from typing import Any

import click

from mmmflow.cli import names, text
from mmmflow.cli.session import Asking, Session, pass_session
from mmmflow.domain.errors import InvalidInputError


@click.command(
    cls=Asking,
    example=(
        "mmmflow allocate last --budget 2500000",
        "mmmflow allocate last --bounds tv=0.8:1.2 --lock search",
        "mmmflow allocate last --target 2.5 --period 2027-01-04:2027-03-29",
    ),
)
@click.argument("id", default=names.LAST)
@click.option("--budget", type=float, help="For the whole period.")
@click.option(
    "--target", type=float, help="A ROAS or CPA to keep, instead of a budget."
)
@click.option(
    "--bounds",
    multiple=True,
    help="channel=low:high, as multiples of today's spend; or default=….",
)
@click.option("--lock", "locked", multiple=True, help="Keep its spend.")
@click.option("--period", help="start:end, both days included.")
@click.option("--model", "model_id", help="Another one of the run, as 1_82_3.")
@pass_session
def allocate(
    session: Session,
    id: str,
    *,
    budget: float | None,
    target: float | None,
    bounds: tuple[str, ...],
    locked: tuple[str, ...],
    period: str | None,
    model_id: str | None,
) -> None:
    """What another budget or other bounds would bring."""
    asked: dict[str, Any] = {
        "total_budget": budget,
        "target_value": target,
        "scenario": None if target is None else "target_efficiency",
        "bounds": _bounds(bounds) or None,
        "locked": list(locked) or None,
        "model_id": model_id,
        "period": period and _period(period),
    }
    body = {name: value for name, value in asked.items() if value is not None}
    of = names.experiment(session.client, id)
    reply = session.client.post(f"/experiments/{of}/what-if", body)
    session.show(reply.data, lambda: _proposal(reply.data, reply.message))


def _bounds(given: tuple[str, ...]) -> dict[str, list[float]]:
    """Raises: InvalidInputError."""
    found = {}
    for channel, written in names.pairs(given, "--bounds").items():
        try:
            low, high = map(float, written.split(":"))
        except ValueError:
            raise InvalidInputError.of(
                f"--bounds {channel}", f"{written!r} is not low:high"
            ) from None
        found[channel] = [low, high]
    return found


def _period(written: str) -> dict[str, str]:
    start, _, end = written.partition(":")
    return {"name": f"{start} … {end}", "start": start, "end": end}


def _proposal(found: dict[str, Any], message: str) -> str:
    channels = text.table(
        ("channel", "spend now", "proposed", "change", "limits", "ROAS", "→"),
        [
            (
                one["channel"] + (" (locked)" if one["locked"] else ""),
                text.number(one["spend_now"], 0),
                text.number(one["spend_proposed"], 0),
                text.change(one["spend_now"], one["spend_proposed"])
                + ("*" if one["beyond_observed"] else ""),
                f"{one['spend_low']:,.0f} … {one['spend_high']:,.0f}",
                text.number(one["roas_now"], 2),
                text.number(one["roas_proposed"], 2),
            )
            for one in found["channels"]
        ],
        right=("spend now", "proposed", "change", "limits", "ROAS", "→"),
    )
    over = f"{found['periods']} {found['interval']}s"
    head = text.fields(
        {
            "model": found["model_id"],
            "budget": f"{found['total_budget']:,.0f} for {over}"
            f" (now {found['spend_now']:,.0f})",
            "response": f"{found['response_now']:,.0f} →"
            f" {found['response_proposed']:,.0f}, {message}",
        }
    )
    warnings = [f"! {one}" for one in found["warnings"]]
    per = f"Per {found['interval']}:"
    return "\n".join([head, "", per, channels, *warnings])
