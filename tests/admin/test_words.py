from console.admin.words import counted, label_of, listed, plural, singular


def test_a_column_is_called_what_a_person_calls_it():
    assert label_of("is_active") == "Active"
    assert label_of("created_at") == "Created"
    assert label_of("sku") == "SKU"
    assert label_of("author_id") == "Author ID"


def test_plural_and_singular_go_back_and_forth():
    for one, many in (
        ("post", "posts"),
        ("category", "categories"),
        ("box", "boxes"),
        ("day", "days"),
    ):
        assert plural(one) == many
        assert singular(many) == one
    assert singular("status") == "status"


def test_numbers_come_with_their_noun():
    assert counted(1, "post") == "1 post"
    assert counted(12345, "category") == "12,345 categories"
    assert listed(["a", "b", "c"]) == "a, b and c"
