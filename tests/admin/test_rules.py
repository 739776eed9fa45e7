import pytest

from console.admin.outline import outline_of
from console.admin.rules import check_words, name_words
from console.shop import Product

ATTRIBUTES = [a for a in outline_of(Product).attributes if a.name in ("price", "name", "sku")]


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("price >= 0", "Price must be at least 0."),
        ('"price" < 10.5', "Price must be less than 10.5."),
        ("price BETWEEN 1 AND 9", "Price must be between 1 and 9."),
        ("price >= 1 AND price <= 9", "Price must be between 1 and 9."),
        ("length(name) > 0", "Name must have at least 1 character."),
        ("length(trim(name)) <= 5", "Name must have at most 5 characters."),
        ("sku IN ('A', 'B')", "SKU must be one of A, B."),
        ("name <> sku", "Name must not be SKU."),
    ],
)
def test_a_check_is_said_in_words(expression: str, sentence: str):
    assert check_words(expression, ATTRIBUTES, "ck") == sentence


def test_what_has_no_words_is_called_by_its_name():
    assert name_words("ck_products_price_not_negative", ATTRIBUTES) == "price not negative"
    assert check_words("f(price) = 1", ATTRIBUTES[2:], "ck_products_price_is_fair") == (
        "Price breaks the rule “price is fair” of the database."
    )
