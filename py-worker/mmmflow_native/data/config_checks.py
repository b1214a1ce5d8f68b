"""What is wrong with a configuration that no schema can say."""

from collections.abc import Mapping

from mmmflow_native.data.config import JobConfig, Range, known_media
from mmmflow_native.model.problem import MEDIA_HYPERPARAMETERS

# Robyn's hyper_limits: lowest, highest, and whether each end is allowed.
LIMITS: Mapping[str, tuple[float, bool, float, bool]] = {
    "alphas": (0, False, 10, False),
    "gammas": (0, False, 1, True),
    "thetas": (0, True, 1, False),
    "shapes": (0, True, 20, False),
    "scales": (0, True, 1, True),
    "train_size": (0.1, False, 1, True),
    "penalty": (0, True, 1, True),
}

# Columns that stand beside the variables in tables of the results.
RESERVED = frozenset(
    (
        "model_id",
        "date",
        "part",
        "actual",
        "fitted",
        "residual",
        "(Intercept)",
        "in_window",
        "goal",
    )
)


def contradictions(config: JobConfig) -> list[str]:
    """One sentence for each thing that can't be as the configuration says."""
    return [
        *_repeated(config),
        *_hyperparameter_errors(config),
        *_calibration_errors(config),
        *_allocation_errors(config),
        *_other_errors(config),
    ]


def _repeated(config: JobConfig) -> list[str]:
    names = [config.date_var, config.dep_var, *config.variables]
    twice = sorted({name for name in names if names.count(name) > 1})
    channels = [medium.channel for medium in config.paid_media]
    same = sorted({name for name in channels if channels.count(name) > 1})
    taken = sorted(RESERVED & set(config.variables))
    return [
        *(f"the variable {name!r} is used twice" for name in twice),
        *(f"the channel {name!r} is given twice" for name in same),
        *(
            f"the variable {name!r} has the name of a column of the results: "
            "rename it"
            for name in taken
        ),
    ]


def _hyperparameter_errors(config: JobConfig) -> list[str]:
    wanted = {
        f"{variable}_{name}": name
        for variable in config.media_variables
        for name in MEDIA_HYPERPARAMETERS[config.adstock]
    }
    optional = {"train_size": "train_size", "lambda": "lambda"} | {
        f"{variable}_penalty": "penalty" for variable in config.variables
    }
    given = config.hyperparameters
    wrong = [
        f"hyperparameters: {name!r} is missing"
        for name in wanted
        if name not in given
    ]
    for name, value in given.items():
        kind = (wanted | optional).get(name)
        if kind is None:
            wrong.append(
                f"hyperparameters: {name!r} belongs to no variable of this "
                f"model with {config.adstock} adstock"
            )
        else:
            wrong += _range_errors(name, kind, value)
    return wrong


def _range_errors(name: str, kind: str, value: Range) -> list[str]:
    low, high = value if isinstance(value, tuple) else (value, value)
    if low > high:
        return [f"hyperparameters: {name}: the low {low:g} is above {high:g}"]
    # A fixed lambda is λ itself, of any size; a searched one a position.
    if kind == "lambda":
        top = 1.0 if isinstance(value, tuple) else float("inf")
        least, with_least, most, with_most = 0.0, True, top, True
    else:
        least, with_least, most, with_most = LIMITS[kind]
    too_low = low < least or (low == least and not with_least)
    too_high = high > most or (high == most and not with_most)
    if not too_low and not too_high:
        return []
    left, right = "[" if with_least else "(", "]" if with_most else ")"
    return [
        f"hyperparameters: {name}: {low:g} to {high:g} is not within "
        f"{left}{least:g}, {most:g}{right}"
    ]


def _calibration_errors(config: JobConfig) -> list[str]:
    known = known_media(config)
    wrong = []
    for row, test in enumerate(config.calibration, start=1):
        where = f"calibration, row {row}"
        wrong += [
            f"{where}: {name!r} is no medium of this model"
            for name in test.channel.split("+")
            if name.strip() not in known
        ]
        if test.start > test.end:
            wrong.append(f"{where}: it ends before it starts")
        if test.metric != config.dep_var:
            wrong.append(
                f"{where}: it measured {test.metric!r}, "
                f"the model's goal is {config.dep_var!r}"
            )
    return wrong


def _allocation_errors(config: JobConfig) -> list[str]:
    channels = {medium.channel for medium in config.paid_media}
    asked = config.allocation
    named = [("locked", name) for name in asked.locked]
    named += [
        (f"groups, {g.name}", n) for g in asked.groups for n in g.channels
    ]
    wrong = [
        f"allocation.{where}: {name!r} is no paid channel"
        for where, name in named
        if name not in channels
    ]
    wrong += [
        f"allocation.groups, {group.name}: the low {group.low:g} is above "
        f"{group.high:g}"
        for group in asked.groups
        if group.low > group.high
    ]
    if asked.period is not None and asked.period.end < asked.period.start:
        wrong.append("allocation.period: it ends before it starts")
    for name, (low, high) in asked.bounds.items():
        if name not in channels | {"default"}:
            wrong.append(f"allocation.bounds: {name!r} is no paid channel")
        if low > high:
            wrong.append(
                f"allocation.bounds: {name}: the low {low:g} is above {high:g}"
            )
    return wrong


def _other_errors(config: JobConfig) -> list[str]:
    wrong = []
    start, end = config.window_start, config.window_end
    if start is not None and end is not None and start > end:
        wrong.append(f"window: it ends on {end}, before its start {start}")
    if config.engine_name != "native":
        wrong.append(
            f"engine: this is the native engine, not {config.engine_name!r}"
        )
    return wrong
