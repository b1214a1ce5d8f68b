"""A mapping is proposed from names and numbers, with a reason for each."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from mmmflow import schema
from mmmflow.data import suggest
from mmmflow.domain import column_names, mapping, naming_rules
from mmmflow.domain.mapping_suggestion import Choice

ROWS = 104
RANDOM = np.random.default_rng(1)


def flights(scale: float = 1000) -> Any:
    return RANDOM.gamma(2, scale, ROWS) * (RANDOM.random(ROWS) > 0.3)


def around(level: float) -> Any:
    return RANDOM.normal(level, level / 50, ROWS)


def dates() -> Any:
    return pd.date_range("2022-01-03", periods=ROWS, freq="7D")


def chosen(frame: pd.DataFrame) -> dict[str, Choice]:
    return {c.column: c for c in suggest.suggest(frame).choices}


def roles(frame: pd.DataFrame) -> dict[str, str]:
    return {name: choice.role for name, choice in chosen(frame).items()}


TV, SOCIAL, SEARCH = flights(), flights(), flights()
ROBYNS = pd.DataFrame(
    {
        "DATE": dates().strftime("%Y-%m-%d"),
        "revenue": around(1e6),
        "tv_S": TV,
        "print_S": flights(),
        "facebook_I": SOCIAL * 900,
        "search_clicks_P": SEARCH * 2,
        "search_S": SEARCH,
        "competitor_sales_B": around(5e6),
        "facebook_S": SOCIAL,
        "events": RANDOM.choice(["na", "event1"], ROWS),
        "newsletter": around(2e4),
    }
)
GERMAN = pd.DataFrame(
    {
        "Datum": dates(),
        "Land": "DE",
        "Umsatz (EUR, netto)": around(1e6),
        "Bestellungen": RANDOM.integers(500, 900, ROWS),
        "Ausgaben TV [k€]": TV,
        "TV GRPs": TV / 50,
        "FacebookWerbekosten": SOCIAL,
        "Facebook Impressionen": SOCIAL * 100,
        "Plakat_Budget": flights(),
        "Newsletter Versand": RANDOM.integers(0, 9, ROWS) * 1000,
        "Wettbewerber Werbeausgaben": flights(),
        "Temperatur °C": RANDOM.normal(10, 8, ROWS),
        "Aktion": RANDOM.choice(["keine", "Sale"], ROWS),
        "Website-Besuche": around(1e5),
        "Bemerkung": [f"Notiz {n}" for n in range(ROWS)],
    }
)
FRENCH = pd.DataFrame(
    {
        "Semaine": dates(),
        "Pays": RANDOM.choice(["FR", "BE"], ROWS),
        "Chiffre d'affaires TTC": around(1e6),
        "Dépenses télé (€)": TV,
        "Coût Facebook": SOCIAL,
        "Impressions Facebook": SOCIAL * 100,
        "INVEST RADIO": flights(),
        "coutSEA": SEARCH,
        "clicsSEA": SEARCH * 2,
        "Prix moyen": around(10),
        "Evénement": RANDOM.choice(["", "Noël"], ROWS),
    }
)


@pytest.mark.parametrize("frame", [ROBYNS, GERMAN, FRENCH])
def test_it_is_a_mapping_that_needs_no_edit_to_be_read(
    frame: pd.DataFrame,
) -> None:
    found = suggest.suggest(frame)
    schema.require("mapping.json", found.mapping)
    mapping.read(found.mapping)
    assert found.lacking == ()


def test_robyns_suffixes_are_understood() -> None:
    meaning = mapping.read(suggest.suggest(ROBYNS).mapping)
    assert {c.name: (c.spend, c.exposure) for c in meaning.channels} == {
        "tv": ("tv_S", None),
        "print": ("print_S", None),
        "search": ("search_S", "search_clicks_P"),
        "facebook": ("facebook_S", "facebook_I"),
    }
    assert [v.column for v in meaning.context] == ["competitor_sales_B"]
    assert [v.column for v in meaning.factors] == ["events"]
    assert [v.column for v in meaning.organic] == ["newsletter"]


def test_german_names_with_units_and_compounds_are_understood() -> None:
    assert roles(GERMAN) == {
        "Datum": "date",
        "Land": "country",
        "Umsatz (EUR, netto)": "revenue",
        "Bestellungen": "conversion",
        "Ausgaben TV [k€]": "paid_spend",
        "TV GRPs": "paid_exposure",
        "FacebookWerbekosten": "paid_spend",
        "Facebook Impressionen": "paid_exposure",
        "Plakat_Budget": "paid_spend",
        "Newsletter Versand": "organic",
        "Wettbewerber Werbeausgaben": "context",
        "Temperatur °C": "context",
        "Aktion": "factor",
        "Website-Besuche": "ignored",
        "Bemerkung": "ignored",
    }


def test_french_names_with_accents_and_mixed_case_are_understood() -> None:
    found = chosen(FRENCH)
    assert found["Chiffre d'affaires TTC"].role == "revenue"
    assert found["Dépenses télé (€)"].kind == "tv"
    assert found["INVEST RADIO"].channel == "radio"
    assert found["clicsSEA"].channel == found["coutSEA"].channel == "sea"
    assert found["Evénement"].role == "factor"


def test_every_choice_has_its_reason_and_how_sure_it_is() -> None:
    for choice in suggest.suggest(GERMAN).choices:
        assert choice.reason
        assert 0 < choice.confidence < 1


def test_a_pair_is_told_with_how_it_moves() -> None:
    reason = chosen(ROBYNS)["facebook_I"].reason
    assert "with facebook_S by the channel's name" in reason
    assert "rank correlation 1.00" in reason


def test_an_exposure_is_paired_by_its_numbers_where_names_do_not_tell() -> None:
    frame = ROBYNS.rename(columns={"facebook_I": "weekly_impressions"})
    choice = chosen(frame)["weekly_impressions"]
    assert choice.channel == "facebook"
    assert "by their numbers alone" in choice.reason
    assert choice.confidence <= 0.7


def test_an_exposure_without_any_spend_is_an_organic_medium() -> None:
    frame = ROBYNS.assign(tiktok_views=flights())
    choice = chosen(frame)["tiktok_views"]
    assert choice.role == "organic"
    assert "no column says what was paid" in choice.reason


def test_of_two_exposures_the_one_closer_to_the_spend_is_paired() -> None:
    frame = ROBYNS.assign(
        tv_grps=TV / 50 + RANDOM.normal(0, 20, ROWS), tv_contacts=TV * 7
    )
    document = suggest.suggest(frame).mapping
    assert document["columns"]["tv_S"]["exposure"] == "tv_contacts"


def test_a_total_of_the_spends_is_left_out() -> None:
    spends = [c for c in map(str, ROBYNS) if c.endswith("_S")]
    frame = ROBYNS.assign(alles=ROBYNS[spends].sum(axis=1))
    choice = chosen(frame)["alles"]
    assert choice.role == "ignored"
    assert choice.reason.startswith("it is the sum of tv_S, print_S")


def test_what_is_constant_or_unknown_is_left_out_and_to_be_looked_at() -> None:
    frame = ROBYNS.assign(currency="EUR", zz=around(3))
    found = suggest.suggest(frame).as_json()
    assert found["mapping"]["columns"]["currency"] == {"category": "ignored"}
    assert found["review"] == ["zz"]


def test_a_column_named_after_a_medium_alone_is_probably_its_spend() -> None:
    frame = ROBYNS.assign(radio=flights())
    choice = chosen(frame)["radio"]
    assert (choice.role, choice.kind) == ("paid_spend", "radio")
    assert choice.confidence < 0.6


def test_what_is_missing_for_a_mapping_is_said() -> None:
    found = suggest.suggest(pd.DataFrame({"a": ["x", "y"]}))
    assert len(found.lacking) == 3


def test_a_persons_prefixes_and_words_go_before_the_usual() -> None:
    given = {
        "prefixes": {"m": "paid_spend"},
        "words": {"revenue": ["wert"]},
        "media": {"social": ["kanalx"]},
    }
    schema.require("naming_rules.json", given)
    rules = naming_rules.read(given)
    frame = ROBYNS.drop(columns="revenue").assign(
        m_kanalx=flights(), wert=around(1e6)
    )
    found = {c.column: c for c in suggest.suggest(frame, rules).choices}
    assert found["m_kanalx"].role == "paid_spend"
    assert found["m_kanalx"].kind == "social"
    assert found["wert"].role == "revenue"
    assert found["tv_S"].role == "paid_spend"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Dépenses TV (k€)", ("depenses", "tv", "k")),
        ("umsatzNetto", ("umsatz", "netto")),
        ("TV GRPs", ("tv", "grps")),
        ("Außen_Größe", ("aussen", "groesse")),
    ],
)
def test_names_are_read_word_by_word(name: str, words: tuple[str, ...]) -> None:
    assert column_names.words(name) == words


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("newsletter_cost", "paid_spend"),
        ("organic_clicks", "organic"),
        ("competitor_spend", "context"),
        ("cost_per_click", "ignored"),
        ("brand_search_cost", "paid_spend"),
        ("sales", "revenue"),
        ("units_sold", "conversion"),
        ("sessions", "outcome"),
    ],
)
def test_of_words_that_contradict_each_other_the_stronger_counts(
    name: str, role: str
) -> None:
    assert naming_rules.interpret(name).role == role
