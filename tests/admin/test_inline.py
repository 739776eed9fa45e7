from flask import Flask

from console.services.audit import list_entries
from tests.admin.pages import ask, change, fields, soup, text


def posts(app: Flask, user: int = 1) -> list[tuple]:
    return ask(app, f"select title, body from posts where author_id = {user} order by id")


def test_the_form_of_a_user_shows_their_posts_and_an_empty_one(app: Flask, sign_in):
    page = soup(sign_in(app, "author").get("/admin/users/1/edit"))
    titles = [
        tag["value"] if tag.get("value") else ""
        for tag in page.select("[name^=posts-][name$=-title]")
    ]
    assert sorted(titles) == ["", "A lamp that reads", "How to choose a desk"]


def test_posts_are_added_changed_and_deleted_in_one_go(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = fields(client, "/admin/users/1/edit")
    places = {data[f"posts-{n}-title"]: n for n in range(3)}
    data[f"posts-{places['A lamp that reads']}-title"] = "A lamp that reads aloud"
    data[f"posts-{places['How to choose a desk']}-_delete"] = "1"
    data[f"posts-{places['']}-title"] = "New"
    data["name"] = "Ada King"
    assert client.post("/admin/users/1/edit", data=data).status_code == 302
    assert [title for title, _ in posts(app)] == ["A lamp that reads aloud", "New"]
    entries = list_entries(app.extensions["console"].store)[:4]
    assert {entry.text for entry in entries} == {
        "Ada Author changed name of Ada Lovelace from Ada Lovelace to Ada King.",
        "Ada Author changed title of A lamp that reads from A lamp that reads to A lamp that reads aloud.",
        "Ada Author deleted post How to choose a desk.",
        "Ada Author created post New.",
    }


def test_an_empty_group_left_empty_adds_nothing(app: Flask, sign_in):
    client = sign_in(app, "author")
    client.post("/admin/users/1/edit", data=fields(client, "/admin/users/1/edit"))
    assert len(posts(app)) == 2


def test_a_wrong_child_keeps_the_whole_form_from_being_saved(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = {**fields(client, "/admin/users/1/edit"), "name": "Ada King", "posts-2-body": "No title"}
    answer = client.post("/admin/users/1/edit", data=data)
    assert answer.status_code == 422
    page = soup(answer)
    assert page.select_one("#field-posts-2-title-error").text == "Title is required."
    assert page.select_one("#posts-2-group").has_attr("open")
    assert page.select_one("[name=name]")["value"] == "Ada King"
    assert ask(app, "select name from users where id = 1") == [("Ada Lovelace",)]
    assert len(posts(app)) == 2


def test_a_new_user_comes_with_new_posts(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = {
        **fields(client, "/admin/users/new"),
        "name": "Kay",
        "email": "kay@example.com",
        "posts-0-title": "First",
    }
    assert client.post("/admin/users/new", data=data).status_code == 302
    assert ask(
        app,
        "select title from posts join users on users.id = author_id where email = 'kay@example.com'",
    ) == [("First",)]


def test_another_empty_group_comes_without_a_script(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = {**fields(client, "/admin/users/1/edit"), "posts-2-title": "One", "_more": "posts"}
    page = soup(client.post("/admin/users/1/edit", data=data))
    assert page.select_one("[name=posts-2-title]")["value"] == "One"
    assert page.select_one("[name=posts-3-title]") is not None
    assert len(posts(app)) == 2


def test_a_child_that_somebody_changed_meanwhile_is_a_conflict(app: Flask, sign_in):
    client = sign_in(app, "author")
    data = fields(client, "/admin/users/1/edit")
    place = next(n for n in range(3) if data[f"posts-{n}-title"] == "A lamp that reads")
    data[f"posts-{place}-title"] = "Mine"
    change(app, "update posts set title = 'Theirs' where title = 'A lamp that reads'")
    answer = client.post("/admin/users/1/edit", data=data)
    assert answer.status_code == 409
    assert "Someone changed this while you were editing" in text(answer)
    assert soup(answer).select_one(f"[name=posts-{place}-title]")["value"] == "Mine"
    assert ("Theirs", posts(app)[0][1]) in posts(app)


def test_a_child_of_somebody_else_cannot_be_reached(app: Flask, sign_in):
    client = sign_in(app, "author")
    other = ask(app, "select id from posts where author_id = 2")[0][0]
    data = {
        **fields(client, "/admin/users/1/edit"),
        "posts-0-_key": str(other),
        "posts-0-_delete": "1",
    }
    client.post("/admin/users/1/edit", data=data)
    assert len(posts(app, 2)) == 3


def test_only_the_first_of_many_children_are_loaded(app: Flask, sign_in):
    change(
        app,
        *(f"insert into posts (title, author_id) values ('P{number}', 1)" for number in range(80)),
    )
    page = sign_in(app, "author").get("/admin/users/1/edit")
    assert len(soup(page).select("[name^=posts-][name$=-title]")) == 26
    assert "All 82 posts" in text(page)
