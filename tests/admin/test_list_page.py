from flask import Flask

from tests.admin.pages import change, rows, soup, text


def test_the_list_shows_every_row_with_its_numbers_and_links(app: Flask, sign_in):
    change(app, "update products set price = 1234.5 where name = 'Lamp'")
    page = sign_in(app, "author").get("/admin/products")
    assert set(rows(page)) == {"Lamp", "Desk", "Chair"}
    assert "1,234.50" in page.text
    assert "3 products" in text(page)
    assert soup(page).select_one("th.row-title a")["href"].startswith("/admin/products/")


def test_search_finds_words_in_any_column_and_takes_wildcards_as_they_are(app: Flask, sign_in):
    client = sign_in(app, "viewer")
    assert rows(client.get("/admin/products?q=lMp+lamp")) == ["Lamp"]
    assert rows(client.get("/admin/products?q=%25")) == []
    assert rows(client.get("/admin/products?q=_")) == []
    change(app, "insert into products (name, sku) values ('100%_off', 'X')")
    assert rows(client.get("/admin/products?q=%25_")) == ["100%_off"]


def test_search_reaches_a_related_row(app: Flask, sign_in):
    assert len(rows(sign_in(app, "viewer").get("/admin/posts?q=grace"))) == 3


def test_filters_narrow_by_number_truth_day_emptiness_and_relation(app: Flask, sign_in):
    change(
        app,
        "update products set price = 600, created_at = '2026-01-31 23:59:59.5' where name = 'Lamp'",
    )
    change(
        app,
        "update products set price = 500, created_at = '2026-02-01 00:00:00' where name = 'Chair'",
    )
    client = sign_in(app, "viewer")
    for query, found in (
        ("price_gt=500", {"Lamp"}),
        ("price_gte=500", {"Lamp", "Chair"}),
        ("price_between=500..600", {"Lamp", "Chair"}),
        ("price_lt=600", {"Chair"}),
        ("price=600", {"Lamp"}),
        ("price_empty=1", {"Desk"}),
        ("price_empty=0", {"Lamp", "Chair"}),
        ("active=0", {"Chair"}),
        ("is_active=1", {"Lamp", "Desk"}),
        ("created_at=2026-01-31", {"Lamp"}),
        ("created_at_gt=2026-01-31&created_at_lt=2026-03-01", {"Chair"}),
        ("created_at_between=2026-01-31..2026-02-01", {"Lamp", "Chair"}),
        ("name_not=Lamp&sku_contains=-0", {"Desk", "Chair"}),
    ):
        assert set(rows(client.get(f"/admin/products?{query}"))) == found, query
    assert len(rows(client.get("/admin/posts?author=1"))) == 2
    assert "Author is Ada Lovelace" in text(client.get("/admin/posts?author=1"))


def test_chips_take_one_filter_away_and_keep_the_rest(app: Flask, sign_in):
    page = soup(sign_in(app, "viewer").get("/admin/products?q=a&active=1&price_empty=1&sort=-name"))
    links = [chip["href"] for chip in page.select("a.chip")]
    assert "/admin/products?q=a&price_empty=1&sort=-name" in links
    assert "/admin/products?active=1&price_empty=1&sort=-name" in links


def test_sorting_by_several_columns_is_told_and_stable(app: Flask, sign_in):
    change(
        app,
        *(
            f"insert into products (name, sku) values ('Same', 'S{number:02}')"
            for number in range(30)
        ),
    )
    client = sign_in(app, "viewer")
    page = soup(client.get("/admin/products?sort=-active,name&page_size=10"))
    told = {th.text.strip()[:6]: th.get("aria-sort") for th in page.select("thead th[aria-sort]")}
    assert told["Active"] == "descending"
    assert told["Name 2"] == "ascending"
    seen = []
    for number in (1, 2, 3, 4):
        cells = soup(client.get(f"/admin/products?sort=name&page_size=10&page={number}"))
        seen += [a["href"].split("?")[0] for a in cells.select("th.row-title a")]
    assert len(seen) == len(set(seen)) == 33


def test_relations_sort_by_their_name(app: Flask, sign_in):
    page = sign_in(app, "viewer").get("/admin/posts?sort=-author,title")
    authors = [row.select("td")[0].text.strip() for row in soup(page).select("tbody tr")]
    assert authors == ["Grace Hopper"] * 3 + ["Ada Lovelace"] * 2


def test_the_panel_leads_to_a_readable_address(app: Flask, sign_in):
    answer = sign_in(app, "viewer").get(
        "/admin/products?price.op=gt&price.value=5&name.op=contains&name.value="
    )
    assert (answer.status_code, answer.location) == (302, "/admin/products?price_gt=5")


def test_users_come_with_the_number_of_their_posts(app: Flask, sign_in):
    page = soup(sign_in(app, "viewer").get("/admin/users?sort=name"))
    counts = [
        (tr.th.text.strip(), tr.select_one("td.number").text.strip())
        for tr in page.select("tbody tr")
    ]
    assert counts == [("Ada Lovelace", "2"), ("Alan Turing", "0"), ("Grace Hopper", "3")]
    assert page.select_one("td.number a")["href"] == "/admin/posts?author=1"


def test_a_list_sends_as_many_statements_for_many_rows_as_for_few(app: Flask, sign_in, statements):
    client = sign_in(app, "author")
    sent = statements(app)
    few = {}
    for page in ("products", "users", "posts"):
        client.get(f"/admin/{page}?page_size=100")
        few[page] = len(sent)
        sent.clear()
    change(
        app,
        *(
            f"insert into users (id, name, email) values ({number + 100}, 'U', 'u{number}@example.com')"
            for number in range(60)
        ),
    )
    change(
        app,
        *(
            f"insert into posts (title, author_id) values ('P', {number + 100})"
            for number in range(60)
        ),
    )
    change(
        app,
        *(f"insert into products (name, sku) values ('P', 'p{number}')" for number in range(60)),
    )
    sent.clear()
    for page, number in few.items():
        client.get(f"/admin/{page}?page_size=100")
        assert len(sent) == number, sent
        sent.clear()
    assert max(few.values()) <= 12


def test_no_rows_and_nothing_found_are_different_pages(app: Flask, sign_in):
    client = sign_in(app, "author")
    assert "Nothing found" in text(client.get("/admin/products?q=zebra"))
    change(app, "delete from products")
    page = text(client.get("/admin/products"))
    assert "No products yet" in page
    assert "Add the first product" in page


def test_a_viewer_reads_and_is_offered_nothing_to_change(app: Flask, sign_in):
    client = sign_in(app, "viewer")
    page = client.get("/admin/products")
    assert "Add a product" not in page.text
    assert not soup(page).select("[data-tick]")
    assert (
        soup(page).select_one("th.row-title a")["href"].startswith("/admin/products/1?")
        or "/edit" not in page.text
    )
    assert "Your role can read this product" in text(client.get("/admin/products/1"))


def test_no_file_of_flask_admin_reaches_a_browser(app: Flask, sign_in):
    client = sign_in(app, "author")
    for page in (
        "/admin/products",
        "/admin/products/1/edit",
        "/admin/users/1/edit",
        "/admin/users/1/delete",
    ):
        html = client.get(page).text
        for word in ("bootstrap4", "jquery", "select2", " style=", " onclick", "javascript:"):
            assert word not in html, (page, word)
    assert client.get("/admin/static/vendor/jquery.min.js").status_code == 404
