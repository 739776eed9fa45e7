"""SQL has one normal form, whatever its spacing, quoting and comments."""

import pytest

from console.schema.sqltext import key, normal, split, tokens, unquote


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a  =\n1", "a = 1"),
        ("numeric( 10,2 )", "numeric(10, 2)"),
        ('"a" . [b]', "a.b"),
        ("`a b`", '"a b"'),
        ('"a""b"', '"a""b"'),
        ("'it''s  -- not a comment'", "'it''s  -- not a comment'"),
        ("a -- comment\n+ b /* more\n */", "a + b"),
        ("CHECK(a>0)", "CHECK (a > 0)"),
        ("a IN(1,2)", "a IN (1, 2)"),
        ("x'ff' || 1.5e-3", "x'ff' || 1.5e-3"),
        ("a<=b", "a <= b"),
        ("größe", "größe"),
        ("", ""),
        ("'unclosed", "' unclosed"),
        ("a&&b", "a && b"),
        ("a@>b AND c<@d", "a @> b AND c <@ d"),
        ("a!~*'x'", "a !~* 'x'"),
        ("a=-1", "a = - 1"),
    ],
)
def test_normal_form(sql, expected):
    assert normal(sql) == expected
    assert normal(expected) == expected


def test_words_are_equal_in_any_case_and_strings_are_not():
    assert key("SELECT A") == key('select "a"')
    assert key("'A'") != key("'a'")


def test_a_quoted_word_is_a_name():
    assert list(tokens('check "check"')) == [("word", "check"), ("name", "check")]


@pytest.mark.parametrize("quoted", ['"a"', "`a`", "[a]", "a"])
def test_quotes_of_any_database_are_taken_off(quoted):
    assert unquote(quoted) == "a"


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("a", ["a"]),
        ("a;b ; -- c;\n", ["a", "b "]),
        ("a ';' || E'it\\'s;'; \"b;\"", ["a ';' || E'it\\'s;'", ' "b;"']),
        ("DO $x$ a; $$ b; $$ $x$; c", ["DO $x$ a; $$ b; $$ $x$", " c"]),
        ("/* a; */ b", ["/* a; */ b"]),
        (
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END",
            ["CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END"],
        ),
        (";", [";"]),
    ],
)
def test_statements_are_told_apart(sql, statements):
    assert split(sql) == statements
