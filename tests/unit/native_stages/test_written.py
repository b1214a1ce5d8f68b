"""What a run writes: tables, summary, progress, one model as JSON."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from mmmflow.schema import check
from mmmflow_native.budget.plan import read_plan
from mmmflow_native.budget.proposal import propose
from mmmflow_native.choice import caveats
from mmmflow_native.choice.selection import Selection
from mmmflow_native.data.config import AllocationSettings, JobConfig
from mmmflow_native.data.features import Features
from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import Lift
from mmmflow_native.optimise.search import SearchProgress
from mmmflow_native.optimise.solutions import Solutions
from mmmflow_native.progress import Progress
from mmmflow_native.write import model_tables, series_tables
from mmmflow_native.write.model_json import (
    Model,
    read_model,
    recreate,
    write_model,
)
from mmmflow_native.write.summary import summary
from mmmflow_native.write.tables import write_table


@pytest.fixture
def best(features: Features, solutions: Solutions, selection: Selection) -> Fit:
    values = solutions.hyperparameters(selection.best)
    return fit(features.problem, values)


@pytest.fixture
def found(
    config: JobConfig,
    features: Features,
    solutions: Solutions,
    selection: Selection,
    best: Fit,
) -> dict[str, Any]:
    allocation, _ = propose(
        features.problem, best, config.allocation, config.dep_var_type
    )
    return summary(
        config,
        features.problem,
        solutions,
        selection,
        fit=best,
        allocation=allocation,
        onepager="results/onepager.png",
        warnings=["a warning"],
    )


@pytest.fixture
def model(config: JobConfig, features: Features, best: Fit) -> Model:
    return Model(
        model_id="1_1_1",
        country=config.country,
        dep_var=config.dep_var,
        dep_var_type=config.dep_var_type,
        allocation=config.allocation,
        problem=features.problem,
        hyperparameters=best.hyperparameters,
        solver="exact",
        intercept=best.intercept,
        coefficients=best.coefficients,
        contribution=best.contribution,
    )


def test_the_summary_is_valid(found: dict[str, Any]) -> None:
    assert check("model_summary.json", found) == []


def test_the_summary_adds_up(found: dict[str, Any]) -> None:
    selected = found["selected"]
    shares = [part["share"] for part in selected["decomposition"]]
    assert sum(shares) == pytest.approx(1.0)
    for channel in selected["channels"]:
        assert channel["roas"] * channel["cpa"] == pytest.approx(1.0)
    assert found["candidates"][0]["model_id"] == selected["model_id"]


def test_without_lift_tests_there_is_no_mape(found: dict[str, Any]) -> None:
    assert found["selected"]["mape"] is None


def test_tables_agree_with_the_fit(
    features: Features, solutions: Solutions, selection: Selection, best: Fit
) -> None:
    problem = features.problem
    table = model_tables.decomposition(problem, solutions, selection.kept)
    mine = table["model_id"] == solutions.ids[selection.best]
    np.testing.assert_allclose(
        table["contribution"][mine],
        [best.intercept * problem.w, *best.contribution],
        rtol=1e-9,
    )
    assert table["share"][mine].sum() == pytest.approx(1.0)


def test_immediate_and_carryover_add_up_to_the_response(
    features: Features, best: Fit
) -> None:
    table = series_tables.media_vectors(features.problem, [("1_1_1", best)])
    np.testing.assert_allclose(
        table["immediate"] + table["carryover"], table["response"]
    )
    assert len(table["date"]) == features.problem.w * 3


def test_a_table_without_rows_keeps_its_columns(
    features: Features, solutions: Solutions, selection: Selection
) -> None:
    alone = replace(selection, clusters=None)
    table = model_tables.clusters(features.problem, solutions, alone, "revenue")
    assert "mean" in table
    assert not table["mean"].size


def test_what_is_not_defined_is_left_empty(tmp_path: Path) -> None:
    write_table(
        tmp_path,
        "t",
        {"name": np.array(["a", "b"]), "value": np.array([0.1, np.nan])},
    )
    read = pyarrow.parquet.read_table(tmp_path / "t.parquet")
    assert read.to_pydict() == {"name": ["a", "b"], "value": [0.1, None]}
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[1:] == ['"a",0.1', '"b",']


def test_progress_is_valid_and_whole(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.enter("search")
    path = tmp_path / "progress.json"
    assert check("progress.json", json.loads(path.read_text())) == []
    assert [p.name for p in tmp_path.iterdir()] == ["progress.json"]


def test_progress_of_a_search_is_not_written_all_the_time(
    tmp_path: Path,
) -> None:
    progress = Progress(tmp_path)
    at = SearchProgress(10, 100, 2, nrmse=0.1, decomp_rssd=0.2)
    progress.search(at)
    path = tmp_path / "progress.json"
    written = json.loads(path.read_text())
    assert check("progress.json", written) == []
    assert written["iteration"] == 10
    path.unlink()
    progress.search(at)
    assert not path.exists()


def test_a_model_comes_back_from_its_json(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "model.json"
    write_model(path, model)
    again = read_model(path)
    assert (again.problem.x == model.problem.x).all()
    assert again.allocation == AllocationSettings(
        "max_response", None, None, {"default": (0.5, 2.0)}
    )
    np.testing.assert_allclose(
        recreate(again).coefficients, model.coefficients, rtol=1e-9
    )


def test_lift_tests_come_back_too(tmp_path: Path, model: Model) -> None:
    lift = Lift(
        ("tv_grps", "newsletter"),
        np.datetime64("2022-03-07"),
        np.datetime64("2022-04-03"),
        500.0,
        standard_error=20.0,
    )
    path = tmp_path / "model.json"
    problem = replace(model.problem, lifts=(lift,))
    write_model(path, replace(model, problem=problem))
    assert read_model(path).problem.lifts == (lift,)


def test_a_model_that_was_changed_is_refused(
    tmp_path: Path, model: Model
) -> None:
    path = tmp_path / "model.json"
    write_model(path, replace(model, coefficients=model.coefficients * 1.001))
    with pytest.raises(UserError, match="comes out different"):
        recreate(read_model(path))


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}'])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"model\.json is no"):
        read_model(path)


def test_a_dropped_intercept_is_flagged(
    features: Features, solutions: Solutions, selection: Selection, best: Fit
) -> None:
    dropped = replace(best, intercept_dropped=True)
    said = caveats.about_model(features.problem, solutions, selection, dropped)
    assert any("intercept came out negative" in line for line in said)


def test_a_channel_without_effect_is_named(
    features: Features, solutions: Solutions, selection: Selection, best: Fit
) -> None:
    nothing = replace(best, coefficients=np.zeros_like(best.coefficients))
    said = caveats.about_model(features.problem, solutions, selection, nothing)
    assert any("finds no effect of TV, Search" in line for line in said)


def test_residuals_that_carry_over_are_flagged(
    features: Features, solutions: Solutions, selection: Selection, best: Fit
) -> None:
    wave = np.sin(np.arange(features.problem.w) / 8)
    said = caveats.about_model(
        features.problem, solutions, selection, replace(best, residuals=wave)
    )
    assert any("carries over into the next" in line for line in said)


def test_a_lift_test_that_does_not_match_the_spend_is_named(
    features: Features,
) -> None:
    lift = Lift(
        ("tv_grps",),
        np.datetime64("2022-03-07"),
        np.datetime64("2022-04-03"),
        500.0,
        spend=1.0,
        confidence=0.5,
    )
    problem = replace(features.problem, lifts=(lift,))
    said = caveats.about_data(replace(features, problem=problem))
    assert any("names a spend of 1; the data show" in line for line in said)
    assert any("has a confidence of 50%" in line for line in said)
    assert not any("No lift test" in line for line in said)


def test_search_is_said_to_follow_demand(features: Features) -> None:
    said = caveats.about_data(features)
    assert any(line.startswith("Search: clicks") for line in said)


def test_few_rows_per_variable_are_flagged(features: Features) -> None:
    problem = replace(features.problem, window=slice(80, 110))
    said = caveats.about_data(replace(features, problem=problem))
    assert any("30 rows for 4 variables" in line for line in said)


def test_a_budget_that_can_not_be_placed_costs_the_proposal_alone(
    features: Features, best: Fit, config: JobConfig
) -> None:
    asked = replace(config.allocation, total_budget=1.0)
    proposal, said = propose(features.problem, best, asked, "revenue")
    assert proposal is None
    assert said[0].startswith("No budget is proposed: the budget of 1 is")


def test_a_plan_may_lock_group_and_name_a_period(
    tmp_path: Path, features: Features, best: Fit, config: JobConfig
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(
        json.dumps(
            {
                "bounds": {"default": [0, 3]},
                "locked": ["TV"],
                "groups": [
                    {"name": "all", "channels": ["TV", "Search"], "high": 4000}
                ],
                "total_budget": 2000,
                "period": {
                    "name": "spring",
                    "start": "2024-03-04",
                    "end": "2024-03-31",
                },
            }
        )
    )
    plan = read_plan(path, config.allocation)
    proposal, said = propose(features.problem, best, plan, "revenue")
    assert proposal is not None, said
    assert proposal.periods == 4
    assert proposal.total_budget <= 2000 * (1 + 1e-9)
    tv = proposal.channels[0]
    assert tv.locked
    assert tv.spend_proposed == pytest.approx(tv.spend_now)


def test_everything_wrong_with_a_plan_is_listed(
    tmp_path: Path, config: JobConfig
) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"scenario": "most", "total_budget": 0, "lock": []}')
    with pytest.raises(UserError) as refused:
        read_plan(path, config.allocation)
    for part in ("scenario: 'most'", "total_budget: 0", "'lock' was unexp"):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        (
            '{"period": {"name": "p", "start": "2024-02-01", '
            '"end": "2024-01-01"}}',
            "the period p ends before it starts",
        ),
    ],
)
def test_a_plan_that_can_not_be_is_refused(
    tmp_path: Path, config: JobConfig, text: str, message: str
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_plan(path, config.allocation)
