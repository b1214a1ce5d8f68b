"""Numbers and names as people read them."""

import pytest
from mmmflow_native.plots.formats import amount, change, share, shorten


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (1.0, "1.00"),
        (9.996, "10.0"),
        (99.96, "100"),
        (4321.4, "4,321"),
        (99_900.0, "99,900"),
        (123_456.0, "123 k"),
        (999_900.0, "1.00 M"),
        (-2_345_678.0, "−2.35 M"),
        (4.5e9, "4.50 bn"),
        (7e13, "70.0 tn"),
        (3e17, "3.00e+17"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_an_amount_has_three_digits_and_its_unit(
    value: float, written: str
) -> None:
    assert amount(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1234, "12.3 %"),
        (1.0, "100 %"),
        (-0.00001, "0.0 %"),
        (12.0, "1,200 %"),
    ],
)
def test_a_share_is_in_per_cent(value: float, written: str) -> None:
    assert share(value) == written


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        (100.0, 150.0, "+50 %"),
        (100.0, 0.0, "−100 %"),
        (100.0, 100.01, "±0 %"),
        (100.0, 100.4, "+0.4 %"),
        (0.0, 5.0, "new"),
        (0.0, 0.0, "–"),
    ],
)
def test_a_change_carries_its_sign(
    old: float, new: float, written: str
) -> None:
    assert change(old, new) == written


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    short = shorten("connected_tv_prospecting_germany", 20)
    assert len(short) == 20
    assert short.startswith("connected")
    assert short.endswith("germany")


def test_a_short_name_stays() -> None:
    assert shorten("tv", 20) == "tv"
