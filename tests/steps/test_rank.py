"""Champions follow the rule, whichever it is, and say what they changed."""

import json
from typing import Any

import pytest
from mmmflow import settings
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Message, NotFoundError
from mmmflow.results import renderings
from mmmflow.show import views
from mmmflow.steps.collect import collect
from mmmflow.steps.rank import rank

from tests.steps.test_launch import run_launch
from tests.steps.world import World, summary

ME = "a person"
BY_SHARES = {"rule": "weighted", "weights": {"decomp_rssd": 1}}


def finish(world: World, *, error: float, rssd: float = 0.1) -> str:
    """An experiment that ended with these errors; its id."""
    (id,) = world.queued()
    run_launch(world)
    event = world.succeeded(id, error=error)
    content = summary(id, error)
    content["selected"]["decomp_rssd"] = rssd
    folder = f"{world.run(id)}/attempts/1"
    text = json.dumps(content).encode()
    world.put(f"{folder}/model_summary.json", text)
    collect(event, world.ports)
    return id


def set_rule(
    world: World, asked: dict[str, Any], country: str | None = None
) -> None:
    """A person sets it, and `rank` hears of it."""
    settings.set_ranking(world.ports, country, asked, actor=ME)
    hear(world)


def hear(world: World) -> None:
    body = world.sent("ranking.changed")[-1]
    rank(Message("ranking.changed", "1", body), world.ports)


def champion(world: World) -> Any:
    return world.document("champions", "DE~revenue")


@pytest.fixture
def two(world: World) -> tuple[str, str]:
    """(the least error, the least DECOMP.RSSD)."""
    world.prepared()
    accurate = finish(world, error=0.1, rssd=0.4)
    plausible = finish(world, error=0.2, rssd=0.1)
    return accurate, plausible


def test_the_champion_states_the_rule_that_chose_it(
    world: World, two: tuple[str, str]
) -> None:
    assert champion(world)["experiment_id"] == two[0]
    assert champion(world)["rule"].startswith("least NRMSE out of sample")


def test_another_rule_makes_another_champion(
    world: World, two: tuple[str, str]
) -> None:
    set_rule(world, BY_SHARES)
    assert champion(world)["experiment_id"] == two[1]
    assert champion(world)["rule"].startswith("least weighted mean of 1 × ")
    assert champion(world)["score"] == pytest.approx(0.1)


def test_the_leaderboard_is_in_the_order_of_the_rule_and_states_it(
    world: World, two: tuple[str, str]
) -> None:
    set_rule(world, BY_SHARES)
    board = world.read("models/DE/revenue/leaderboard.json")
    ranked = [(e["experiment_id"], e["score"]) for e in board["ranking"]]
    assert ranked == [(two[1], 0.1), (two[0], 0.4)]
    assert board["rule"] == champion(world)["rule"]


def test_the_leaderboard_says_quality_and_stability_of_each(
    world: World, two: tuple[str, str]
) -> None:
    board = world.read("models/DE/revenue/leaderboard.json")
    assert [e["experiment_id"] for e in board["ranking"]] == list(two)
    words = [e["quality"]["word"] for e in board["ranking"]]
    assert words == ["good", "poor"]
    assert [e["stability"] for e in board["ranking"]] == [None, None]


def test_a_long_leaderboard_shows_the_best_and_counts_all(
    world: World, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderings, "MOST", 1)
    set_rule(world, BY_SHARES)
    board = world.read("models/DE/revenue/leaderboard.json")
    assert [e["experiment_id"] for e in board["ranking"]] == [two[1]]
    assert board["experiments"] == 2


def test_a_rule_that_keeps_the_champion_is_stated_but_announces_none(
    world: World, two: tuple[str, str]
) -> None:
    before = len(world.sent("champion.changed"))
    set_rule(world, {"rule": "weighted", "weights": {"nrmse_backtest": 1}})
    assert champion(world)["experiment_id"] == two[0]
    assert champion(world)["rule"].startswith("least weighted mean")
    assert len(world.sent("champion.changed")) == before


@pytest.mark.usefixtures("two")
def test_the_same_rule_once_more_changes_nothing(world: World) -> None:
    set_rule(world, BY_SHARES)
    version = champion(world)["version"]
    hear(world)
    set_rule(world, BY_SHARES)
    assert champion(world)["version"] == version


def test_a_countrys_own_rule_goes_before_the_one_for_all(
    world: World, two: tuple[str, str]
) -> None:
    set_rule(world, BY_SHARES)
    set_rule(world, {"rule": "out_of_sample"}, country="DE")
    assert champion(world)["experiment_id"] == two[0]


def test_without_its_own_rule_a_country_is_ranked_as_all_others(
    world: World, two: tuple[str, str]
) -> None:
    set_rule(world, {"rule": "out_of_sample"}, country="DE")
    set_rule(world, BY_SHARES)
    settings.forget_ranking(world.ports, "DE")
    hear(world)
    assert champion(world)["experiment_id"] == two[1]


def test_a_result_that_comes_later_is_ranked_by_the_rule(world: World) -> None:
    world.prepared()
    settings.set_ranking(world.ports, None, BY_SHARES, actor=ME)
    finish(world, error=0.1, rssd=0.4)
    later = finish(world, error=0.2, rssd=0.1)
    assert champion(world)["experiment_id"] == later


def test_a_rule_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError):
        settings.set_ranking(world.ports, None, {"rule": "best"}, actor=ME)
    assert world.sent("ranking.changed") == []


def test_a_country_without_a_rule_has_none_to_forget(world: World) -> None:
    with pytest.raises(NotFoundError):
        settings.forget_ranking(world.ports, "DE")


def test_settings_show_each_rule_with_its_sentence(world: World) -> None:
    settings.set_ranking(world.ports, "DE", BY_SHARES, actor=ME)
    shown = settings.show_ranking(world.ports)
    assert shown["rule"] == "out_of_sample"
    assert shown["countries"]["DE"]["weights"] == {"decomp_rssd": 1}
    assert "DECOMP.RSSD" in shown["countries"]["DE"]["sentence"]


def test_a_champion_is_compared_with_the_one_before_it(world: World) -> None:
    world.prepared()
    first = finish(world, error=0.2)
    second = finish(world, error=0.1)
    data = champion(world)
    content = world.read(data["comparison"])
    assert content["experiment_id"] == second
    assert content["previous_experiment_id"] == first
    assert data["comparison"].endswith(f"/comparisons/{first}_{second}.json")
    changed = {c["path"]: (c["before"], c["after"]) for c in content["config"]}
    assert changed == {"seed": (0, 1)}
    assert content["data"]["rows"]["before"] == 30


def test_the_announcement_carries_the_headline(world: World) -> None:
    world.prepared()
    finish(world, error=0.2)
    finish(world, error=0.1)
    first, second = world.sent("champion.changed")
    assert first["headline"].startswith("the first champion")
    assert second["headline"].startswith("NRMSE out of sample 0.200 → 0.100")


def test_a_result_is_judged_in_a_word(world: World) -> None:
    world.prepared()
    id = finish(world, error=0.09)
    assert world.experiment(id)["result"]["quality"]["word"] == "good"
    assert champion(world)["result"]["quality"]["word"] == "good"


def test_a_result_says_how_firm_it_is(world: World) -> None:
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    table = (
        "channel,models,roas_lowest,roas_median,roas_highest,"
        "effect_share_lowest,effect_share_median,effect_share_highest\n"
        "tv,12,0.5,1.0,2.5,0.1,0.2,0.3\n"
    )
    folder = f"{world.run(id)}/attempts/1"
    world.put(f"{folder}/results/plausible.csv", table.encode())
    collect(world.succeeded(id), world.ports)
    found = world.experiment(id)["result"]["stability"]
    assert found["models"] == 12
    assert found["unsure"] == ["tv"]


def test_a_run_without_plausible_models_says_nothing_of_them(
    world: World,
) -> None:
    world.prepared()
    id = finish(world, error=0.1)
    assert world.experiment(id)["result"]["stability"] is None


def test_a_champion_is_shown_with_its_leaderboard_and_comparison(
    world: World,
) -> None:
    world.prepared()
    finish(world, error=0.2)
    second = finish(world, error=0.1)
    shown = views.champion(world.ports, "DE", "revenue")
    assert shown["champion"]["experiment_id"] == second
    assert len(shown["leaderboard"]["ranking"]) == 2
    assert shown["comparison"]["headline"] == shown["champion"]["headline"]


def test_where_there_is_no_champion_none_is_shown(world: World) -> None:
    with pytest.raises(NotFoundError):
        views.champion(world.ports, "DE", "revenue")
