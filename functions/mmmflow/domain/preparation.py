"""How rows become training data: what a mapping says, or an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mmmflow.domain.frequency import Weekday
from mmmflow.domain.ids import content_hash

Aggregation = Literal["sum", "mean", "max", "min", "first", "last", "mode"]
OF_NAMES: tuple[Aggregation, ...] = ("first", "last", "mode")
_USUAL: Mapping[str, Aggregation] = {"context": "mean", "factor": "mode"}
# What an experiment may ask to be prepared in its own way.
OPTIONS = ("resample", "annotations")


@dataclass(frozen=True)
class Resample:
    """Rows are put together into weeks or months, each column in its way."""

    interval: Literal["week", "month"]
    week_start: Weekday = "monday"


@dataclass(frozen=True)
class Holidays:
    """How many public holidays a period has, as a column of its own.

    `country` is an ISO code; None takes the dataset's country.
    """

    country: str | None
    column: str


@dataclass(frozen=True)
class Annotations:
    """A CSV object of the data bucket that is joined by date.

    `aggregation` and `fill` are per column; `fill` "zero" lets periods that
    the file does not have be 0.
    """

    name: str
    generation: str
    aggregation: Mapping[str, Aggregation] = field(default_factory=dict)
    fill: Mapping[str, Literal["zero"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Preparation:
    """`window` are the first and last day that are kept, None for no bound."""

    resample: Resample | None = None
    window: tuple[str | None, str | None] = (None, None)
    duplicates: Literal["collapse", "refuse"] = "collapse"
    gaps: Literal["refuse", "fill"] = "refuse"
    holidays: Holidays | None = None
    annotations: Annotations | None = None


def of_mapping(document: Mapping[str, Any]) -> Preparation:
    """What a mapping's document says of it."""
    window = document.get("window", {})
    holidays = document.get("holidays")
    return Preparation(
        resample=_resample(document.get("resample")),
        window=(window.get("start"), window.get("end")),
        duplicates=document.get("duplicates", "collapse"),
        gaps=document.get("gaps", "refuse"),
        holidays=None
        if holidays is None
        else Holidays(
            holidays.get("country"), holidays.get("column", "holidays")
        ),
        annotations=_annotations(document.get("annotations")),
    )


def aggregations(document: Mapping[str, Any]) -> dict[str, Aggregation]:
    """How each column is put together.

    What adds up is added: goals, spend and media; context is averaged; of
    factors the most frequent is taken. What `resample` says of a column goes
    before what the column says, and that before the usual.
    """
    usual: dict[str, Aggregation] = {
        goal["column"]: goal.get("aggregation", "sum")
        for goal in document["goals"]
    }
    usual |= {
        name: column.get("aggregation", _USUAL.get(column["category"], "sum"))
        for name, column in document["columns"].items()
    }
    return {**usual, **document.get("resample", {}).get("aggregation", {})}


def asked(request: Mapping[str, Any]) -> dict[str, Any]:
    """What an experiment asks to be prepared in its own way; {} if nothing.

    An option that is null or absent is the mapping's.
    """
    return {name: request[name] for name in OPTIONS if request.get(name)}


def key(mapping_version: str, options: Mapping[str, Any]) -> str:
    """Names the training data of a mapping and an experiment's options.

    The mapping's version alone where there are none; `~` is in no version.
    """
    if not options:
        return mapping_version
    return f"{mapping_version}~{content_hash(dict(options))[:12]}"


def with_options(
    document: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The mapping's document as if it had said what the experiment says.

    Aggregations go before the mapping's column by column. The interval
    "none" takes the rows as they are.
    """
    changed = {**document, **options}
    if "resample" in options:
        given, before = options["resample"], document.get("resample", {})
        both = {
            **before.get("aggregation", {}),
            **given.get("aggregation", {}),
        }
        changed["resample"] = {**before, **given, "aggregation": both}
    return changed


def of_country(
    preparation: Preparation, country: str
) -> tuple[Preparation, str | None]:
    """With the holidays' country; and why not, where there is none."""
    wanted = preparation.holidays
    if wanted is None or wanted.country is not None:
        return preparation, None
    if len(country) == 2 and country.isupper():
        named = Holidays(country, wanted.column)
        return replace(preparation, holidays=named), None
    return preparation, f"whose holidays are those of {country!r}?"


def _resample(given: Mapping[str, Any] | None) -> Resample | None:
    if given is None or given["interval"] == "none":
        return None
    return Resample(given["interval"], given.get("week_start", "monday"))


def _annotations(given: Mapping[str, Any] | None) -> Annotations | None:
    if given is None:
        return None
    return Annotations(
        given["name"],
        given["generation"],
        given.get("aggregation", {}),
        given.get("fill", {}),
    )
