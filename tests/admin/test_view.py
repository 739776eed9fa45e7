"""Models that stock Flask-Admin stumbles over, and what an adopter gets without configuring anything."""

import enum
import uuid
from datetime import timedelta
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Interval,
    LargeBinary,
    Numeric,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.admin import ConsoleModelView
from tests.admin.pages import ask, change, fields, rows, soup, text


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def odd_model(db: SQLAlchemy) -> type[Any]:
    class Odd(db.Model):
        __tablename__ = "odd_things"
        id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
        meta: Mapped[str] = mapped_column(String(20))
        process: Mapped[str | None] = mapped_column(String(20))
        data: Mapped[dict[str, Any] | None] = mapped_column(db.JSON)
        took: Mapped[timedelta | None] = mapped_column(Interval)
        picture: Mapped[bytes | None] = mapped_column(LargeBinary)
        colour: Mapped[Colour | None]
        is_known: Mapped[bool | None]
        q: Mapped[int | None]
        price_gt: Mapped[int | None]

    return Odd


def test_every_type_and_name_of_column_works(mount, sign_in):
    db = SQLAlchemy()
    app = mount(db, odd_model(db))
    client = sign_in(app, "author")
    data = {
        **fields(client, "/admin/odd_things/new"),
        "meta": "M",
        "process": "P",
        "data": '{"a": 1}',
        "took": "2 days 03:00:00",
        "colour": "BLUE",
        "is_known": "0",
        "q": "7",
    }
    answer = client.post("/admin/odd_things/new", data={**data, "_continue": "1"})
    assert answer.status_code == 302
    edit = fields(client, answer.location)
    assert (edit["meta"], edit["took"], edit["colour"], edit["is_known"]) == (
        "M",
        "2 days 03:00:00",
        "BLUE",
        "0",
    )
    assert client.post(answer.location, data=edit).status_code == 302
    assert (
        len(rows(client.get("/admin/odd_things?q_is=7&colour=BLUE&known=0&process_contains=p")))
        == 1
    )
    change(app, "update odd_things set picture = x'00ff'")
    assert client.get(answer.location).status_code == 200
    assert "2 bytes" in text(client.get(answer.location.removesuffix("/edit")))
    wrong = client.post(
        "/admin/odd_things/new", data={**data, "data": "{", "took": "long", "colour": "GREEN"}
    )
    assert "Data must be JSON" in text(wrong)
    assert "Took must be a duration" in text(wrong)
    assert "Colour has no choice" in text(wrong)


def test_two_columns_that_are_unique_together_are_named_together(mount, sign_in):
    db = SQLAlchemy()

    class Seat(db.Model):
        __tablename__ = "seats"
        __table_args__ = (
            UniqueConstraint("row", "number"),
            CheckConstraint("number BETWEEN 1 AND 99", name="number"),
            Index("one_code", "code", unique=True),
        )
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        row: Mapped[str] = mapped_column(String(2))
        number: Mapped[int]
        code: Mapped[int | None]

    app = mount(db, Seat)
    client = sign_in(app, "author")
    first = {"name": "Ada's", "row": "A", "number": "1", "code": "5"}
    assert client.post("/admin/seats/new", data=first).status_code == 302
    again = client.post("/admin/seats/new", data={**first, "name": "Mine", "code": ""})
    assert "This combination of Row and Number is already used by Ada's" in text(again)
    assert soup(again).select_one("[name=row]")["aria-invalid"] == "true"
    coded = client.post("/admin/seats/new", data={**first, "name": "Mine", "number": "2"})
    assert "Code is already used by Ada's" in text(coded)
    out = client.post("/admin/seats/new", data={**first, "number": "100", "code": ""})
    assert "Number must be between 1 and 99." in text(out)
    assert (
        client.post("/admin/seats/new", data={**first, "number": "2", "code": ""}).status_code
        == 302
    )


def test_a_row_that_others_need_cannot_be_deleted_and_says_who(mount, sign_in):
    db = SQLAlchemy()

    class Maker(db.Model):
        __tablename__ = "makers"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Car(db.Model):
        __tablename__ = "cars"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        maker_id: Mapped[int] = mapped_column(ForeignKey("makers.id"))
        owner_id: Mapped[int | None] = mapped_column(ForeignKey("makers.id", ondelete="SET NULL"))
        maker: Mapped[Maker] = relationship(foreign_keys=[maker_id])

    app = mount(db, Maker, Car)
    change(app, "insert into makers (id, name) values (1, 'A'), (2, 'B')")
    change(app, "insert into cars (name, maker_id, owner_id) values ('C', 1, 2), ('D', 1, 2)")
    client = sign_in(app, "author")
    page = client.get("/admin/makers/1/delete")
    assert "2 cars prevent this" in text(page)
    assert soup(page).select_one(".consequences a")["href"] == "/admin/cars?maker=1"
    assert soup(page).select_one("form.save-bar") is None
    page = client.get("/admin/makers/2/delete")
    assert "2 cars will lose their owner" in text(page)
    sent = {t["name"]: t.get("value", "") for t in soup(page).select("form.save-bar input[name]")}
    client.post("/admin/makers/2/delete", data=sent)
    assert ask(app, "select name, owner_id from cars") == [("C", None), ("D", None)]


def test_a_composite_key_is_one_part_of_the_address(mount, sign_in):
    db = SQLAlchemy()

    class Stock(db.Model):
        __tablename__ = "stock"
        shop: Mapped[str] = mapped_column(primary_key=True)
        shelf: Mapped[int] = mapped_column(primary_key=True)
        amount: Mapped[int]
        price: Mapped[float | None] = mapped_column(Numeric(6, 2, asdecimal=False))

    app = mount(db, Stock)
    client = sign_in(app, "author")
    data = {"shop": "a/b c", "shelf": "2", "amount": "3", "price": "1.5", "_continue": "1"}
    answer = client.post("/admin/stock/new", data=data)
    assert answer.location == "/admin/stock/a~2Fb~20c,2/edit"
    edit = {**fields(client, answer.location), "amount": "4"}
    assert client.post(answer.location, data=edit).status_code == 302
    assert ask(app, "select amount from stock") == [(4,)]
    assert "is already used by" in text(client.post("/admin/stock/new", data=data))


def test_a_table_may_have_the_name_of_a_page_of_the_console(mount, sign_in):
    db = SQLAlchemy()

    class Review(db.Model):
        __tablename__ = "reviews"
        id: Mapped[int] = mapped_column(primary_key=True)
        stars: Mapped[int]

    app = mount(db, Review)
    assert sign_in(app, "author").get("/admin/data-reviews").status_code == 200


def test_flask_admins_options_are_taken_by_their_names(mount, sign_in):
    db = SQLAlchemy()

    class Thing(db.Model):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        secret: Mapped[str] = mapped_column(default="s")

    class ThingView(ConsoleModelView):
        column_list = ("name", "shout")
        column_labels = {"name": "Called"}
        column_formatters = {"shout": lambda view, context, model, name: model.name.upper()}
        column_filters = ("name",)
        form_excluded_columns = ("secret",)
        can_delete = False
        can_create = False

    app = mount(db, (Thing, ThingView))
    change(app, "insert into things (name, secret) values ('ada', 's')")
    client = sign_in(app, "author")
    page = client.get("/admin/things")
    assert "ADA" in text(page)
    assert "Called" in text(page)
    assert "There is no filter “secret”" in text(client.get("/admin/things?secret=s"))
    assert "secret" not in fields(client, "/admin/things/1/edit")
    assert client.get("/admin/things/1/delete").status_code == 404
    assert client.get("/admin/things/new").status_code == 404
    assert not soup(page).select("[data-tick]")
