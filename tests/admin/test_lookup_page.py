from flask import Flask

from tests.admin.pages import change


def test_rows_are_found_by_name_and_by_address(app: Flask, sign_in):
    client = sign_in(app, "author")
    found = client.get("/admin/posts/lookup/author?q=grace").json
    assert found == {
        "items": [{"value": "2", "text": "Grace Hopper", "detail": "grace@example.com"}],
        "more": False,
    }
    assert (
        client.get("/admin/posts/lookup/author?q=alan%40").json["items"][0]["text"] == "Alan Turing"
    )
    assert client.get("/admin/posts/lookup/author?q=%25").json["items"] == []


def test_pages_are_small_whatever_is_asked_for(app: Flask, sign_in):
    change(
        app,
        *(
            f"insert into users (name, email) values ('U{number:02}', 'u{number}@example.com')"
            for number in range(80)
        ),
    )
    client = sign_in(app, "author")
    first = client.get("/admin/posts/lookup/author?limit=1000000").json
    assert (len(first["items"]), first["more"]) == (50, True)
    second = client.get("/admin/posts/lookup/author?limit=50&page=2").json
    assert (len(second["items"]), second["more"]) == (33, False)
    for odd in ("limit=-1", "page=-1", "page=" + "9" * 40, "limit=x", "q=%00"):
        assert client.get(f"/admin/posts/lookup/author?{odd}").status_code == 200


def test_only_relations_can_be_looked_up_and_only_by_those_who_may_look(app: Flask, sign_in):
    client = sign_in(app, "author")
    assert client.get("/admin/posts/lookup/title").status_code == 404
    assert client.get("/admin/posts/lookup/nothing").status_code == 404
    assert app.test_client().get("/admin/posts/lookup/author").status_code in (302, 401)
