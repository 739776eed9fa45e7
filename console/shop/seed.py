"""seed: the rows of the first run: three products, users, and their posts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import Session

from console.shop.post import Post
from console.shop.product import Product
from console.shop.user import User

PRODUCTS: list[dict[str, Any]] = [
    {"name": "Lamp", "sku": "LMP-001", "is_active": True},
    {"name": "Desk", "sku": "DSK-002", "is_active": True},
    {"name": "Chair", "sku": "CHR-003", "is_active": False},
]
POSTS: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("Ada Lovelace", "ada@example.com"): [
        ("A lamp that reads", "Notes on light, shade and the number of pages in an evening."),
        ("How to choose a desk", "Measure the room first, then the work, then the wood."),
    ],
    ("Grace Hopper", "grace@example.com"): [
        ("A moth in the relay", "What we found when the lights went out, and where we taped it."),
        ("Nanoseconds, by hand", "A length of wire says it better than any table."),
        ("It is easier to ask", "On permission, and on being in port."),
    ],
    ("Alan Turing", "alan@example.com"): [],
}


def seed(session: Session) -> bool:
    """Fill empty tables and commit; returns False, and does nothing, when there are products or users.

    It inserts by column name and leaves out `price`, which the seeded database does not have yet.
    """
    if session.connection().scalar(
        Product.__table__.select().with_only_columns(Product.id).limit(1)
    ):
        return False
    if session.connection().scalar(User.__table__.select().with_only_columns(User.id).limit(1)):
        return False
    existing = {column["name"] for column in inspect(session.connection()).get_columns("products")}
    rows = [{k: v for k, v in row.items() if k in existing} for row in PRODUCTS]
    session.connection().execute(insert(Product.__table__), rows)
    for (name, email), posts in POSTS.items():
        session.connection().execute(insert(User.__table__).values(name=name, email=email))
        # no RETURNING, which MySQL has not
        author_id = session.connection().scalar(select(User.id).where(User.email == email))
        for title, body in posts:
            session.connection().execute(
                insert(Post.__table__).values(title=title, body=body, author_id=author_id)
            )
    session.commit()
    return True
