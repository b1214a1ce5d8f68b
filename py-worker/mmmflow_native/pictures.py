"""Which pictures a run leaves, and what they are called."""

from pathlib import Path

from mmmflow_native.plots.onepager import onepager
from mmmflow_native.plots.style import Context, save
from mmmflow_native.result import Result

# Each takes about a second to draw.
ONEPAGERS = 5


def draw(result: Result, folder: Path) -> str:
    """Draw everything into `folder`; the selected model's one-pager's name.

    A one-pager for the best candidates, the selected one's as PDF too.
    """
    for position, (model_id, fit) in enumerate(result.fits[:ONEPAGERS]):
        selected = position == 0
        page = onepager(
            result.problem,
            fit,
            result.allocation if selected else None,
            _context(result, model_id, "selected" if selected else ""),
        )
        for suffix in ("png", "pdf") if selected else ("png",):
            save(page, folder / f"onepager_{model_id}.{suffix}")
    return f"onepager_{result.fits[0][0]}.png"


def _context(result: Result, model_id: str, note: str) -> Context:
    return Context(
        country=result.config.country,
        dep_var=result.config.dep_var,
        dep_var_type=result.config.dep_var_type,
        interval=result.problem.interval,
        model_id=model_id,
        note=note,
    )
