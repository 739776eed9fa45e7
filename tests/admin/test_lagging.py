"""The code maps what the database does not have yet; every page goes on."""

from flask import Flask

from tests.admin.pages import ask, change, fields, rows, soup, text


def test_the_list_shows_the_columns_there_are_and_names_the_pending_revision(
    lagging_app: Flask, sign_in
):
    page = sign_in(lagging_app, "author").get("/admin/products")
    assert page.status_code == 200
    assert sorted(rows(page)) == ["Chair", "Desk", "Lamp"]
    assert "Price is not in the database yet" in text(page)
    assert "“Add price to products” (9e2d05c8a314)" in text(page)
    assert soup(page).find("a", href="/admin/migrations/default/9e2d05c8a314") is not None


def test_search_sort_and_filters_go_on_and_say_what_they_leave_out(lagging_app: Flask, sign_in):
    client = sign_in(lagging_app, "viewer")
    page = client.get("/admin/products?q=l&sort=-price,name&price_gt=5&active=1")
    assert rows(page) == ["Lamp"]
    assert "Price cannot be filtered yet" in text(page)
    assert "cannot be sorted by Price yet" in text(page)


def test_rows_are_added_changed_and_deleted_by_the_columns_there_are(lagging_app: Flask, sign_in):
    client = sign_in(lagging_app, "author")
    data = fields(client, "/admin/products/new")
    assert "price" not in data
    data = {**data, "name": "Shelf", "sku": "SH-1", "price": "5"}
    assert client.post("/admin/products/new", data=data).status_code == 302
    assert ask(lagging_app, "select id, is_active from products where name = 'Shelf'") == [(4, 1)]
    data = {**fields(client, "/admin/products/4/edit"), "name": "Shelves"}
    assert client.post("/admin/products/4/edit", data=data).status_code == 302
    assert client.get("/admin/products/4").status_code == 200
    page = soup(client.get("/admin/products/4/delete"))
    sent = {tag["name"]: tag.get("value", "") for tag in page.select("form.save-bar input[name]")}
    client.post("/admin/products/4/delete", data=sent)
    assert len(ask(lagging_app, "select id from products")) == 3


def test_errors_come_in_words_while_the_table_lags(lagging_app: Flask, sign_in):
    client = sign_in(lagging_app, "author")
    answer = client.post("/admin/products/new", data={"name": "X", "sku": "LMP-001"})
    assert answer.status_code == 422
    assert "SKU is already used by" in text(answer)


def test_a_missing_table_has_a_page_of_its_own(app: Flask, sign_in):
    for table in ("posts", "users", "products"):
        change(app, f"drop table {table}")
    change(app, "delete from alembic_version")
    client = sign_in(app, "author")
    for model in ("products", "users", "posts"):
        for url in ("", "/new", "/1", "/1/edit", "/1/delete"):
            answer = client.get(f"/admin/{model}{url}")
            assert answer.status_code == 200
            assert "This table does not exist in the database yet" in text(answer)
        answer = client.post(f"/admin/{model}/bulk", data={"action": "delete", "row": "1"})
        assert answer.status_code == 200
    assert "“Create products, users and posts” (4c1a7f20b9de)" in text(
        client.get("/admin/products")
    )


def test_missing_posts_do_not_take_the_users_with_them(app: Flask, sign_in):
    change(app, "drop table posts")
    client = sign_in(app, "author")
    page = client.get("/admin/users")
    assert len(rows(page)) == 3
    assert "The table posts does not exist in the database yet" in text(page)
    data = {**fields(client, "/admin/users/1/edit"), "name": "Ada King"}
    assert client.post("/admin/users/1/edit", data=data).status_code == 302
    assert client.get("/admin/users/1").status_code == 200
    page = soup(client.get("/admin/users/1/delete"))
    sent = {tag["name"]: tag.get("value", "") for tag in page.select("form.save-bar input[name]")}
    assert client.post("/admin/users/1/delete", data=sent).status_code == 302
    assert len(ask(app, "select id from users")) == 2


def test_missing_users_do_not_take_the_posts_with_them(app: Flask, sign_in):
    change(app, "drop table users")
    client = sign_in(app, "author")
    page = client.get("/admin/posts?sort=author&q=lamp")
    assert rows(page) == ["A lamp that reads"]
    assert client.get("/admin/posts/1/edit").status_code == 200
    assert client.get("/admin/posts/lookup/author?q=a").json == {"items": [], "more": False}


def test_the_notice_leads_to_the_review_once_there_is_one(lagging_app: Flask, sign_in):
    client = sign_in(lagging_app, "author")
    opened = client.post(
        "/admin/reviews/new", data={"target": "default", "goal": "head", "title": "Price"}
    )
    assert opened.status_code == 303
    page = soup(client.get("/admin/products"))
    assert page.find("a", string="Go to its review")["href"] == opened.location
