"""What a database refuses is told in words, whichever database it is."""

from __future__ import annotations

import pytest
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from console.admin.integrity import explain
from console.admin.outline import outline_of
from tests.servers import engine_of


class Base(DeclarativeBase):
    """Of this test alone."""


class Seat(Base):
    """A table with one rule of each kind."""

    __tablename__ = "seats"
    __table_args__ = (
        CheckConstraint("number >= 1", name="ck_number"),
        UniqueConstraint("number", name="uq_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


@pytest.mark.parametrize("server", ["postgresql", "mariadb", "mysql"])
def test_a_server_says_which_rule_was_broken(server: str, request: pytest.FixtureRequest) -> None:
    engine = engine_of(request.getfixturevalue(server))
    Base.metadata.create_all(engine)
    told = []
    with engine.connect() as connection:
        for value in ("1", "1", "0", "NULL"):
            try:
                connection.exec_driver_sql(f"INSERT INTO seats (number) VALUES ({value})")
            except StatementError as error:
                told.append(explain(error, outline_of(Seat)))
    assert [(violation.names, violation.message) for violation in told] == [
        (("number",), "Number is already used by another row."),
        (("number",), "Number must be at least 1."),
        (("number",), "Number is required."),
    ]
