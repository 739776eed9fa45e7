"""What the tests of the data pages read off a page and out of a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text as sql_text


def soup(response: Any) -> BeautifulSoup:
    """The page of a response."""
    return BeautifulSoup(response.text, "html.parser")


def text(response: Any) -> str:
    """What a person reads on the page, on one line."""
    main = soup(response).find("main")
    return " ".join((main or soup(response)).get_text(" ").split())


def fields(client: FlaskClient, url: str) -> dict[str, str]:
    """What a browser would send for the form of a row, without its buttons."""
    form = soup(client.get(url)).select_one("form[data-row-form]")
    assert form is not None, url
    found: dict[str, str] = {}
    for tag in form.select("input[name], textarea[name], select[name]"):
        if tag.name == "input" and tag.get("type") == "checkbox":
            if tag.has_attr("checked"):
                found[tag["name"]] = tag.get("value", "y")
        elif tag.name == "textarea":
            found[tag["name"]] = tag.text.removeprefix("\r\n").removeprefix("\n")
        elif tag.name == "select":
            chosen = tag.select_one("option[selected]") or tag.select_one("option")
            found[tag["name"]] = chosen["value"] if chosen else ""
        else:
            found[tag["name"]] = tag.get("value", "")
    return found


def rows(response: Any) -> list[str]:
    """The titles of a list's rows, in order."""
    return [
        " ".join(cell.get_text().split()) for cell in soup(response).select("tbody th.row-title")
    ]


def change(app: Flask, *statements: str) -> None:
    """Change the managed database behind the console's back, its foreign keys off."""
    with app.app_context():
        path = app.extensions["sqlalchemy"].engine.url.database
    with closing(sqlite3.connect(path)) as connection, connection:
        for sql in statements:
            connection.execute(sql)


def ask(app: Flask, sql: str) -> list[Any]:
    """Read the managed database."""
    with app.app_context(), app.extensions["sqlalchemy"].engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sql_text(sql))]
