"""The question determines the statement: its columns, values and directions are all in words."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from t2s_bench.synthesis import lexicon
from t2s_bench.synthesis.grammar import Grammar
from t2s_bench.synthesis.names import plural, singular
from t2s_bench.synthesis.phrases import Phrases
from t2s_bench.synthesis.profile import Kind, Link, Profile, Ref, read_profile
from t2s_bench.synthesis.query import Condition, Item, Query, sql_of

NAME, AGE = Ref("singer", "singer_name"), Ref("singer", "age")
COUNTRY, YEAR = Ref("singer", "country"), Ref("concert", "year")
LINK = Link(Ref("concert", "singer_id"), Ref("singer", "singer_id"))


@pytest.fixture
def profile(concerts: Path) -> Profile:
    return read_profile(concerts)


def wordings(profile: Profile, query: Query, count: int = 200) -> set[str]:
    return {Phrases(profile, Random(seed)).question(query) for seed in range(count)}


def test_columns_have_their_kinds(profile: Profile) -> None:
    assert profile.kinds[AGE] is Kind.NUMBER and profile.kinds[YEAR] is Kind.YEAR
    assert profile.kinds[COUNTRY] is Kind.TEXT
    assert profile.kinds[Ref("singer", "photo")] is Kind.NONE
    assert profile.kinds[LINK.child] is profile.kinds[LINK.parent] is Kind.KEY
    assert profile.links == (LINK,) and "vacant" not in profile.tables


def test_a_question_has_many_wordings(profile: Profile) -> None:
    query = Query("singer", (Item(NAME),), where=(Condition(AGE, ">", (30,)),))
    found = wordings(profile, query)
    assert len(found) > 60 and all("30" in text and text[-1] in ".?" for text in found)
    assert any("older than 30" in text for text in found)
    assert any(text.startswith("Which singers") for text in found)
    below = wordings(profile, Query("singer", (Item(NAME),), where=(Condition(AGE, "<", (30,)),)))
    assert not found & below


def test_years_are_before_and_after(profile: Profile) -> None:
    query = Query("concert", (Item(None, "count"),), where=(Condition(YEAR, ">", (2004,)),))
    assert all(
        any(word in text for word in lexicon.TIMES[">"]) for text in wordings(profile, query)
    )


def test_absence_is_said(profile: Profile) -> None:
    query = Query("singer", (Item(NAME),), without=LINK)
    assert sql_of(query).endswith("singer_id NOT IN (SELECT singer_id FROM concert)")
    for text in wordings(profile, query):
        assert any(word in text for word in (" not ", "without", "no ")), text
        assert "concerts" in text


def test_every_shown_column_and_value_is_named(profile: Profile) -> None:
    grammar, phrases = Grammar(profile, Random(1)), Phrases(profile, Random(1))
    checked = 0
    for _ in range(2_000):
        query = grammar.draw()
        if query is None or query.combined is not None:
            continue
        text = phrases.question(query)
        for condition in query.where:
            for value in condition.values:
                assert str(value).strip("%") in text, (text, sql_of(query))
        for item in query.select if len(query.select) > 1 else ():
            if item.ref is not None:
                last = profile.column_words[item.ref].split()[-1]
                said = {last, plural(last), singular(last)}
                said |= {word for words in lexicon.SYNONYMS.get(last, ()) for word in words.split()}
                said |= {plural(word) for word in said}
                assert any(word in text.lower() for word in said), (text, sql_of(query))
        checked += 1
    assert checked > 1_000


def test_names_that_need_quotes_have_them(profile: Profile) -> None:
    price = Ref("concert", "ticket price")
    query = Query("singer", (Item(NAME),), links=(LINK,), order=Item(price), limit=1)
    assert sql_of(query) == (
        "SELECT T1.singer_name FROM singer AS T1 JOIN concert AS T2 "
        'ON T1.singer_id = T2.singer_id ORDER BY T2."ticket price" DESC LIMIT 1'
    )
