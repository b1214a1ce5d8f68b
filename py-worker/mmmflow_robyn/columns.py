"""The tables of a result: every column with its type.

What R writes as CSV is given these types in Parquet. They are the native
engine's: tests/robyn holds the two to each other. After the columns named
here a table may have one more for each variable or hyperparameter of the
model; those are numbers.
"""

from collections.abc import Mapping
from typing import Literal

Type = Literal["text", "integer", "flag", "date", "number"]
Columns = Mapping[str, Type]

_ERRORS: Columns = {
    "model_id": "text",
    "trial": "integer",
    "iteration": "integer",
    "nrmse": "number",
    "decomp_rssd": "number",
    "mape": "number",
    "error_score": "number",
    "nrmse_train": "number",
    "nrmse_val": "number",
    "nrmse_test": "number",
    "rsq_train": "number",
    "rsq_val": "number",
    "rsq_test": "number",
    "intercept_dropped": "flag",
}
_OPEN = frozenset(("features", "models", "pareto", "decomposition_over_time"))
TABLES: Mapping[str, Columns] = {
    "features": {"date": "date", "in_window": "flag", "goal": "number"},
    "models": {
        **_ERRORS,
        "pareto_front": "number",
        "cluster": "number",
        "selected": "flag",
        "lambda_hp": "number",
    },
    "pareto": {
        "rank": "integer",
        "plausible": "flag",
        **_ERRORS,
        "nrmse_backtest": "number",
        "pareto_front": "number",
        "cluster": "number",
        "candidate": "flag",
        "selected": "flag",
    },
    "decomposition": {
        "model_id": "text",
        "variable": "text",
        "kind": "text",
        "channel": "text",
        "coefficient": "number",
        "contribution": "number",
        "share": "number",
        "spend": "number",
        "spend_share": "number",
        "effect_share": "number",
        "roas": "number",
        "cpa": "number",
    },
    "clusters": {
        "cluster": "integer",
        "best_model": "text",
        "channel": "text",
        "metric": "text",
        "models": "integer",
        "mean": "number",
        "standard_error": "number",
        "low": "number",
        "high": "number",
    },
    "convergence": {
        "objective": "text",
        "iteration": "integer",
        "models": "integer",
        "median": "number",
        "sd": "number",
        "converged": "flag",
    },
    "rssd_weights": {
        "weight": "number",
        "model_id": "text",
        "channel": "text",
        "roas": "number",
        "effect_share": "number",
    },
    "plausible": {
        "channel": "text",
        "models": "integer",
        "roas_lowest": "number",
        "roas_median": "number",
        "roas_highest": "number",
        "effect_share_lowest": "number",
        "effect_share_median": "number",
        "effect_share_highest": "number",
        "response_lowest": "number",
        "response_median": "number",
        "response_highest": "number",
    },
    "decomposition_over_time": {
        "model_id": "text",
        "date": "date",
        "part": "text",
        "actual": "number",
        "fitted": "number",
        "residual": "number",
        "(Intercept)": "number",
    },
    "media_vectors": {
        "model_id": "text",
        "variable": "text",
        "kind": "text",
        "date": "date",
        "input": "number",
        "adstocked": "number",
        "saturated": "number",
        "response": "number",
        "immediate": "number",
        "carryover": "number",
    },
    "response_curves": {
        "model_id": "text",
        "channel": "text",
        "variable": "text",
        "spend": "number",
        "response": "number",
        "marginal_response": "number",
        "mean_carryover": "number",
        "highest_spend": "number",
        "current": "flag",
        "beyond_observed": "flag",
    },
}
# Those that only some runs have.
SOMETIMES: Mapping[str, Columns] = {
    "allocation": {
        "scenario": "text",
        "periods": "integer",
        "channel": "text",
        "variable": "text",
        "spend_now": "number",
        "spend_proposed": "number",
        "spend_low": "number",
        "spend_high": "number",
        "spend_highest": "number",
        "response_now": "number",
        "response_proposed": "number",
        "roas_now": "number",
        "roas_proposed": "number",
        "marginal_now": "number",
        "marginal_proposed": "number",
        "beyond_observed": "flag",
        "locked": "flag",
    },
    "movement": {
        "channel": "text",
        "roas_previous": "number",
        "roas_data": "number",
        "roas_window": "number",
        "roas_selection": "number",
    },
}


def types_of(table: str, header: list[str]) -> list[Type] | None:
    """The type of each column; None if they are not the table's."""
    fixed = TABLES.get(table) or SOMETIMES.get(table)
    if fixed is None or header[: len(fixed)] != list(fixed):
        return None
    more = header[len(fixed) :]
    if more and table not in _OPEN:
        return None
    others: Columns = dict.fromkeys(more, "number")
    return [*fixed.values(), *others.values()]
