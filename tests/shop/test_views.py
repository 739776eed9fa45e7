from flask import Flask

from tests.admin.pages import fields, soup, text


def test_products_users_and_posts_stand_in_the_navigation(app: Flask, sign_in):
    page = soup(sign_in(app, "viewer").get("/admin/products"))
    links = {a.text.strip(): a["href"] for a in page.select("nav a")}
    assert (links["Products"], links["Users"], links["Posts"]) == (
        "/admin/products",
        "/admin/users",
        "/admin/posts",
    )


def test_the_forms_ask_for_what_a_person_knows(app: Flask, sign_in):
    client = sign_in(app, "author")
    asked = {name for name in fields(client, "/admin/products/new") if not name.startswith("_")}
    assert asked - {"csrf_token"} == {"name", "sku", "price", "is_active"}
    assert "no two products share one" in text(client.get("/admin/products/new"))
