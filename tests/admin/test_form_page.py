from flask import Flask

from console.services.audit import list_entries
from tests.admin.pages import ask, change, fields, rows, soup, text


def entries(app: Flask) -> list[tuple[str, str]]:
    found = list_entries(app.extensions["console"].store)
    return [
        (e.action, e.text) for e in found if e.action.split(".")[0] in ("product", "user", "post")
    ]


def product(app: Flask, key: int = 1) -> tuple:
    return ask(app, f"select name, sku, is_active, price from products where id = {key}")[0]


def test_a_product_is_added_and_told_to_the_audit_trail(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = {
        **fields(client, "/admin/products/new"),
        "name": "Shelf",
        "sku": "SH-1",
        "price": "12.5",
    }
    answer = client.post("/admin/products/new", data=data)
    assert (answer.status_code, answer.location) == (302, "/admin/products")
    assert ask(app, "select name, is_active, price from products where sku = 'SH-1'") == [
        ("Shelf", 1, 12.5)
    ]
    assert "Shelf was added." in text(client.get("/admin/products"))
    assert entries(app) == [("product.created", "Ada Author created product Shelf.")]


def test_a_price_is_changed_and_both_values_are_recorded(app: Flask, sign_in):
    change(app, "update products set price = 10 where id = 1")
    client = sign_in(app, "author")
    data = {**fields(client, "/admin/products/1/edit"), "price": "12"}
    client.post("/admin/products/1/edit", data=data)
    assert product(app)[3] == 12
    entry = list_entries(app.extensions["console"].store)[0]
    assert (entry.action, entry.subject) == ("product.edited", "product 1")
    assert entry.text == "Ada Author changed price of Lamp from 10.00 to 12.00."
    assert entry.data == {"price": ["10.00", "12.00"]}


def test_saving_without_a_change_writes_and_records_nothing(app: Flask, sign_in):
    client = sign_in(app, "author")
    client.post("/admin/products/1/edit", data=fields(client, "/admin/products/1/edit"))
    assert "nothing was changed" in text(client.get("/admin/products"))
    assert entries(app) == []


def test_the_buttons_say_where_to_go_next(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = fields(client, "/admin/products/1/edit?next=/admin/products?q%3Dlamp")
    assert client.post("/admin/products/1/edit", data=data).location == "/admin/products?q=lamp"
    assert (
        client.post("/admin/products/1/edit", data={**data, "_continue": "1"}).location
        == "/admin/products/1/edit"
    )
    assert (
        client.post("/admin/products/1/edit", data={**data, "_another": "1"}).location
        == "/admin/products/new"
    )


def test_the_way_back_never_leaves_the_list(app: Flask, sign_in):
    client = sign_in(app, "author")
    for bad in (
        "https://evil.example/",
        "//evil.example/admin/products",
        "/admin/users",
        "/admin/products\\@evil",
    ):
        data = {**fields(client, "/admin/products/1/edit"), "_next": bad}
        assert client.post("/admin/products/1/edit", data=data).location == "/admin/products"


def test_errors_stand_at_their_fields_and_in_a_summary_and_nothing_is_lost(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = {"name": " ", "sku": "x" * 41, "price": "1.999"}
    answer = client.post("/admin/products/new", data=data)
    assert answer.status_code == 422
    page = soup(answer)
    for name, error in (
        ("name", "Name is required."),
        ("sku", "SKU takes at most 40 characters; this has 41."),
        (
            "price",
            "Price takes at most 2 decimal places; 1.999 has 3, and nothing is rounded silently.",
        ),
    ):
        tag = page.select_one(f"[name={name}]")
        assert tag["aria-invalid"] == "true"
        described = tag["aria-describedby"].split()
        assert error in " ".join(page.find(id=part).text for part in described)
        assert page.select_one(f'[data-error-summary] a[href="#{tag["id"]}"]').text == error
    assert page.select_one("[name=sku]")["value"] == "x" * 41
    assert page.select_one("[name=price]")["value"] == "1.999"
    assert len(ask(app, "select id from products")) == 3


def test_a_used_sku_is_named_with_a_link_to_who_uses_it(app: Flask, sign_in):
    client = sign_in(app, "author")
    answer = client.post("/admin/products/new", data={"name": "Other", "sku": "LMP-001"})
    assert "SKU is already used by Lamp." in text(answer).replace(" .", ".")
    assert soup(answer).select_one("#field-sku-error a")["href"] == "/admin/products/1/edit"


def test_a_broken_check_is_said_in_words(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = {**fields(client, "/admin/products/1/edit"), "price": "-1"}
    answer = client.post("/admin/products/1/edit", data=data)
    assert answer.status_code == 422
    assert "Price must be at least 0." in text(answer)
    assert product(app)[3] is None


def test_what_only_the_database_refuses_comes_back_in_words(app: Flask, sign_in, monkeypatch):
    monkeypatch.setattr("console.admin.writing.violations", lambda *_: [])
    client = sign_in(app, "author")
    unique = client.post("/admin/products/new", data={"name": "Other", "sku": "LMP-001"})
    assert "SKU is already used by another row." in text(unique)
    check = client.post("/admin/products/new", data={"name": "Other", "sku": "O", "price": "-1"})
    assert "Price must be at least 0." in text(check)
    dangling = client.post("/admin/posts/new", data={"title": "T", "author": "99"})
    assert "There is no such row any more" in text(dangling)
    assert "INSERT" not in unique.text + check.text + dangling.text


def test_someone_else_changed_the_same_field_and_both_values_are_shown(app: Flask, sign_in):
    client = sign_in(app, "author")
    mine = {**fields(client, "/admin/products/1/edit"), "name": "My lamp"}
    change(app, "update products set name = 'Their lamp', sku = 'THEIRS' where id = 1")
    answer = client.post("/admin/products/1/edit", data=mine)
    assert answer.status_code == 409
    page = soup(answer)
    assert "Someone changed this while you were editing" in text(answer)
    lines = [
        [cell.get_text(" ", strip=True) for cell in tr.select("th, td")]
        for tr in page.select(".conflict tbody tr")
    ]
    assert lines[0] == ["Name", "Lamp", "Their lamp", "My lamp"]
    assert lines[1][:3] == ["SKU", "LMP-001", "THEIRS"]
    assert page.select_one("[name=name]")["value"] == "My lamp"
    assert page.select_one("[name=sku]")["value"] == "THEIRS"
    assert product(app)[:2] == ("Their lamp", "THEIRS")


def test_saving_after_a_conflict_keeps_what_the_form_shows(app: Flask, sign_in):
    client = sign_in(app, "author")
    mine = {**fields(client, "/admin/products/1/edit"), "name": "My lamp"}
    change(app, "update products set name = 'Their lamp', sku = 'THEIRS' where id = 1")
    page = soup(client.post("/admin/products/1/edit", data=mine))
    again = {t["name"]: t.get("value", "") for t in page.select("form[data-row-form] input[name]")}
    assert client.post("/admin/products/1/edit", data=again).status_code == 302
    assert product(app)[:2] == ("My lamp", "THEIRS")


def test_a_form_without_its_originals_overwrites_nothing(app: Flask, sign_in):
    answer = sign_in(app, "author").post("/admin/products/1/edit", data={"name": "X", "sku": "Y"})
    assert answer.status_code == 409
    assert product(app)[0] == "Lamp"


def test_a_row_that_is_gone_gets_a_page_that_says_so(app: Flask, sign_in):
    client = sign_in(app, "author")
    for url in (
        "/admin/products/99/edit",
        "/admin/products/99",
        "/admin/products/99/delete",
        "/admin/products/x/edit",
    ):
        answer = client.get(url)
        assert answer.status_code == 404
        assert "Nobody has a product under this address" in text(answer)


def test_a_viewer_may_not_write(app: Flask, sign_in):
    client = sign_in(app, "viewer")
    for url in (
        "/admin/products/new",
        "/admin/products/1/edit",
        "/admin/products/1/delete",
        "/admin/products/bulk",
    ):
        answer = client.post(
            url, data={"name": "X", "row": "1", "action": "delete", "_confirm": "x"}
        )
        assert answer.status_code == 403, url
    assert client.get("/admin/products/new").status_code == 403
    assert len(ask(app, "select id from products")) == 3
    assert product(app)[0] == "Lamp"


def test_nobody_writes_without_signing_in_or_without_a_token(make_app, sign_in):
    app = make_app(csrf=True)
    assert app.test_client().post("/admin/products/1/delete").status_code in (302, 400)
    client = sign_in(app, "author")
    data = {**fields(client, "/admin/products/1/edit"), "name": "Light"}
    token = data.pop("csrf_token")
    assert client.post("/admin/products/1/edit", data=data).status_code == 400
    assert (
        client.post("/admin/products/1/edit", data={**data, "csrf_token": token}).status_code == 302
    )
    assert product(app)[0] == "Light"


def test_flask_admins_own_doors_are_closed(app: Flask, sign_in):
    client = sign_in(app, "author")
    assert client.post(
        "/admin/products/ajax/update/", data={"list_form_pk": "1", "name": "X"}
    ).status_code in (404, 405)
    for url in (
        "/admin/products/export/csv/",
        "/admin/products/ajax/lookup/",
        "/admin/products/edit/?id=1",
    ):
        assert client.get(url).status_code == 404, url
    assert product(app)[0] == "Lamp"


def test_a_post_gets_its_author_by_key_and_finds_him_without_a_script(app: Flask, sign_in):
    change(
        app,
        *(
            f"insert into users (name, email) values ('Aaron {number}', 'a{number}@example.com')"
            for number in range(60)
        ),
    )
    client = sign_in(app, "author")
    data = {**fields(client, "/admin/posts/new"), "title": "Kept", "body": "Kept too"}
    found = client.post(
        "/admin/posts/new", data={**data, "author.find": "turing", "_find": "author"}
    )
    page = soup(found)
    assert [o.text for o in page.select("[name=author] option")][1:] == [
        "Alan Turing (alan@example.com)"
    ]
    assert page.select_one("[name=title]")["value"] == "Kept"
    client.post("/admin/posts/new", data={**data, "author": "3"})
    assert ask(app, "select title, author_id from posts where title = 'Kept'") == [("Kept", 3)]
    assert rows(client.get("/admin/posts?author=3")) == ["Kept"]


def test_a_form_never_loads_the_whole_table_of_a_relation(app: Flask, sign_in, statements):
    change(
        app,
        *(
            f"insert into users (name, email) values ('U', 'u{number}@example.com')"
            for number in range(120)
        ),
    )
    client = sign_in(app, "author")
    assert len(soup(client.get("/admin/posts/1/edit")).select("[name=author] option")) <= 52


def test_a_form_begins_with_what_its_address_says(app: Flask, sign_in):
    data = fields(sign_in(app, "author"), "/admin/posts/new?author=2")
    assert data["author"] == "2"


def test_the_audit_trail_names_what_a_key_points_at(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = {**fields(client, "/admin/posts/1/edit"), "author": "2"}
    client.post("/admin/posts/1/edit", data=data)
    assert entries(app)[0][1].endswith(
        "changed author of A lamp that reads from Ada Lovelace to Grace Hopper."
    )


def test_the_change_stands_and_is_said_when_the_audit_trail_cannot_be_written(
    app: Flask, sign_in, monkeypatch
):
    def refuse(*_args, **_kwargs):
        raise OSError("no space left")

    monkeypatch.setattr("console.services.audit.write", refuse)
    client = sign_in(app, "author")
    client.post(
        "/admin/products/1/edit", data={**fields(client, "/admin/products/1/edit"), "name": "Light"}
    )
    assert product(app)[0] == "Light"
    assert "the audit trail could not be written" in text(client.get("/admin/products"))


def test_of_two_people_who_save_at_once_only_one_wins_unseen(app: Flask, sign_in):
    """Eight forms that were opened on the same row, sent at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    clients = [sign_in(app, "author") for _ in range(8)]
    forms = [
        {**fields(c, "/admin/products/1/edit"), "name": f"Lamp {n}"} for n, c in enumerate(clients)
    ]

    def save(number: int) -> int:
        return clients[number].post("/admin/products/1/edit", data=forms[number]).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(save, range(8)))
    assert answers == [302] + [409] * 7
