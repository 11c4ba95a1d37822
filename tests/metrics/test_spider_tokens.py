"""The tokens are those of nltk 3.10's word_tokenize (recorded here) with the official repairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.metrics.spider_tokens import SpiderSyntaxError, split_prose, tokenize

RECORDED = [
    ("a,b:c", "a , b : c"),
    ("3,5 and 3,b", "3,5 and 3 , b"),
    ("x,,y", "x , ,y"),
    (",,,1", ", ,,1"),
    ("t1.* from", "t1. * from"),
    ("f(x)[0]{1}<2>", "f ( x ) [ 0 ] { 1 } < 2 >"),
    ("a>=5", "a > =5"),
    ("a!=b ! = c", "a ! =b ! = c"),
    ("x--y---z", "x -- y -- -z"),
    ("a-b -5 -- c", "a-b -5 -- c"),
    ("end.", "end ."),
    ("end. )", "end . )"),
    ("U.S. a.b", "U.S. a.b"),
    ("wait... no", "wait ... no"),
    ("..", ".."),
    (".. .", ".. ."),
    ("100%;$5#@&?", "100 % ; $ 5 # @ & ?"),
    ("`a` ```", "` a ` `` `"),
    (
        "\u201cx\u201d \u2018y\u2019 \xabz\xbb \u201ew",
        "\u201c x \u201d \u2018 y \u2019 \xab z \xbb \u201e w",
    ),
    ("a\u2012b\u2013c\u2014d\u2015e\u2010f", "a \u2012 b \u2013 c \u2014 d \u2015 e\u2010f"),
    ("cannot t.cannot gonna Gotta wanna", "can not t. can not gon na Got ta wan na"),
    ("wanna.", "wan na ."),
    ("a|b||c ~ ^ \\ / +", "a|b||c ~ ^ \\ / +"),
    ("x=:y 12:30 :name", "x= : y 12:30 : name"),
    ("a\tb\nc\x0bd\xa0e\u3000f", "a b c d e f"),
    ("na\xefve \xc0\xc9 \u6570\u636e", "na\xefve \xc0\xc9 \u6570\u636e"),
    ("cannot_x summer", "cannot_x summer"),
    ("\x00 a", "\x00 a"),
    ("a,\n", "a ,"),
    ("1.5. ", "1.5 ."),
    ("\u2026x", "\u2026x"),
    ("e.g.)", "e.g . )"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "words"), RECORDED)
def test_prose_is_split_as_nltk_does(text: str, words: str) -> None:
    assert split_prose(text) == words.split()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="'\"")))
def test_splitting_loses_nothing_but_whitespace(text: str) -> None:
    assert "".join(split_prose(text)) == "".join(text.split())


@pytest.mark.parametrize(
    ("sql", "tokens"),
    [
        ("SELECT T1.Name", ["select", "t1.name"]),
        ("a = 'New York'", ["a", "=", '"New York"']),
        ("a = ''", ["a", "=", '""']),
        ('a = "It is; -- (x)" ;', ["a", "=", '"It is; -- (x)"', ";"]),
        ("a = '2012-01-01 12:30:00.5'", ["a", "=", '"2012-01-01 12:30:00.5"']),
        ("a ='x'", ["a", "=", '"x"']),
        ("a !='x'", ["a", "!=", '"x"']),
        ("a >= 5 AND b < = 6", ["a", ">=", "5", "and", "b", "<=", "6"]),
        ("a ! = 5", ["a", "!=", "5"]),
        ("a <> 5", ["a", "<", ">", "5"]),
        ("a == 5", ["a", "==", "5"]),
        ("a < = = 5", ["a", "<=", "=", "5"]),
        ("a>=5", ["a", ">", "=5"]),
        ("a > -5", ["a", ">", "-5"]),
        ("('x','y')", ["(", '"x"', ",", '"y"', ")"]),
        ("LIKE '%A%'", ["like", '"%A%"']),
        ("don't and can't", ["don__val_3_13__t"]),
        ("a='x'", ["a=__val_2_4__"]),
        ("'it''s'", ["__val_0_3____val_4_6__"]),
        ("count(*)", ["count", "(", "*", ")"]),
        ("\u0130", ["i\u0307"]),
    ],
)
def test_literals_and_operators_are_put_together(sql: str, tokens: list[str]) -> None:
    assert tokenize(sql) == tokens


@pytest.mark.parametrize("sql", ["'", "a = 'x", 'a = "x\'y"', "don't"])
def test_an_odd_number_of_quotes_is_refused(sql: str) -> None:
    with pytest.raises(SpiderSyntaxError, match="odd number of quotes"):
        tokenize(sql)
