"""The rule that chooses between finished experiments."""

from typing import Any

from mmmflow.domain import ranking


def model(
    train: float, *, test: float | None = None, backtest: float | None = None
) -> dict[str, Any]:
    return {
        "nrmse_train": train,
        "nrmse_test": test,
        "nrmse_backtest": backtest,
    }


def finished(id: str, selected: dict[str, Any]) -> dict[str, Any]:
    result = {"score": ranking.score(selected), "selected": selected}
    return {"id": id, "result": result}


def order(*experiments: dict[str, Any]) -> list[str]:
    return [e["id"] for e in ranking.ranked(experiments)]


def test_the_error_on_the_test_rows_counts_where_there_are_any() -> None:
    assert ranking.score(model(0.1, test=0.3, backtest=0.2)) == 0.3


def test_else_the_error_in_the_backtest_counts() -> None:
    assert ranking.score(model(0.1, backtest=0.2)) == 0.2


def test_the_error_in_sample_counts_where_there_is_no_other() -> None:
    assert ranking.score(model(0.1)) == 0.1


def test_an_error_of_zero_is_an_error_that_was_measured() -> None:
    assert ranking.score(model(0.5, test=0.0, backtest=0.4)) == 0.0


def test_the_least_score_wins() -> None:
    worse = finished("a", model(0.0, backtest=0.2))
    better = finished("b", model(0.0, test=0.1))
    assert order(worse, better) == ["b", "a"]


def test_a_run_without_an_error_out_of_sample_comes_last() -> None:
    flattering = finished("a", model(0.01))
    honest = finished("b", model(0.2, backtest=0.3))
    assert order(flattering, honest) == ["b", "a"]


def test_the_older_one_wins_a_tie() -> None:
    same = model(0.1)
    assert order(finished("b", same), finished("a", same)) == ["a", "b"]
