from flask import Flask

from console.services.audit import list_entries
from tests.admin.pages import ask, change, soup, text


def confirm(client, url: str, **data: str):
    page = soup(client.post(url, data=data) if data else client.get(url))
    form = page.select_one("form.save-bar")
    pairs = [(tag["name"], tag.get("value", "")) for tag in form.select("input[name]")]
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return client.post(form["action"], data=found)


def test_the_page_says_in_numbers_what_goes_with_a_user(app: Flask, sign_in):
    client = sign_in(app, "author")
    page = client.get("/admin/users/2/delete")
    assert "3 posts will be deleted" in text(page)
    assert soup(page).select_one(".consequences a")["href"] == "/admin/posts?author=2"
    assert len(ask(app, "select id from users")) == 3


def test_deleting_takes_what_was_announced_and_records_it(app: Flask, sign_in):
    client = sign_in(app, "author")
    answer = confirm(client, "/admin/users/2/delete")
    assert (answer.status_code, answer.location) == (302, "/admin/users")
    assert ask(app, "select count(*) from posts") == [(2,)]
    entry = list_entries(app.extensions["console"].store)[0]
    assert (entry.action, entry.subject) == ("user.deleted", "user 2")
    assert entry.text == "Ada Author deleted user Grace Hopper (3 posts were deleted)."
    assert entry.data["email"] == ["grace@example.com", None]


def test_a_get_or_a_post_without_confirmation_deletes_nothing(app: Flask, sign_in):
    client = sign_in(app, "author")
    client.get("/admin/products/1/delete")
    client.post("/admin/products/1/delete")
    client.post("/admin/products/1/delete", data={"_confirm": "1"})
    assert len(ask(app, "select id from products")) == 3


def test_the_confirmation_is_for_the_numbers_that_were_shown(app: Flask, sign_in):
    client = sign_in(app, "author")
    page = soup(client.get("/admin/users/2/delete"))
    data = {tag["name"]: tag.get("value", "") for tag in page.select("form.save-bar input[name]")}
    change(app, "insert into posts (title, author_id) values ('New', 2)")
    answer = client.post("/admin/users/2/delete", data=data)
    assert answer.status_code == 409
    assert "This changed since you looked" in text(answer)
    assert "4 posts will be deleted" in text(answer)
    assert len(ask(app, "select id from users")) == 3


def test_ticked_rows_are_deleted_together_after_a_preview(app: Flask, sign_in):
    client = sign_in(app, "author")
    preview = client.post("/admin/users/bulk", data={"action": "delete", "row": ["1", "2"]})
    assert "Delete 2 users?" in text(preview)
    assert "5 posts will be deleted" in text(preview)
    assert len(ask(app, "select id from users")) == 3
    form = soup(preview).select_one("form.save-bar")
    data: dict[str, list[str]] = {}
    for tag in form.select("input[name]"):
        data.setdefault(tag["name"], []).append(tag.get("value", ""))
    client.post(form["action"], data=data)
    assert ask(app, "select name from users") == [("Alan Turing",)]
    assert (
        len(
            [e for e in list_entries(app.extensions["console"].store) if e.action == "user.deleted"]
        )
        == 2
    )


def test_nothing_ticked_is_said(app: Flask, sign_in):
    client = sign_in(app, "author")
    client.post("/admin/users/bulk", data={"action": "delete"})
    assert "Tick the users first" in text(client.get("/admin/users"))
    assert (
        client.post("/admin/users/bulk", data={"action": "explode", "row": "1"}).status_code == 404
    )
