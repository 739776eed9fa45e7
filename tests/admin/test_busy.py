import sqlite3
from contextlib import closing

from flask import Flask
from sqlalchemy import event

from tests.admin.pages import ask, fields, text


def test_a_locked_database_is_said_and_nothing_is_saved(app: Flask, sign_in):
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine

    @event.listens_for(engine, "connect")
    def hurry(connection, _record):
        connection.execute("PRAGMA busy_timeout=50")

    client = sign_in(app, "author")
    data = {**fields(client, "/admin/products/1/edit"), "name": "Light"}
    engine.dispose()
    with closing(sqlite3.connect(engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post("/admin/products/1/edit", data=data)
        other.execute("ROLLBACK")
    assert answer.status_code == 503
    assert "Nothing was saved" in text(answer)
    assert ask(app, "select name from products where id = 1") == [("Lamp",)]
    assert client.post("/admin/products/1/edit", data=data).status_code == 302
