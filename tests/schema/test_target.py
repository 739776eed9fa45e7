"""A target's identity says which database it is, and nothing about who signs in."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from console.schema.target import identity_of, sqlite_file
from tests.histories.script_folder import target_of


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("sqlite:////data/x.db", "sqlite:/data/x.db"),
        ("sqlite:////data/../data/x.db", "sqlite:/data/x.db"),
        ("sqlite:///file:/data/x.db?mode=ro&uri=true", "sqlite:/data/x.db"),
        ("sqlite:///file:///data/a%20b.db?uri=true", "sqlite:/data/a b.db"),
        ("sqlite://", "sqlite::memory:"),
        ("postgresql+psycopg://me:secret@db:5432/shop", "postgresql://db/shop"),
        ("postgresql://you@db/shop", "postgresql://db/shop"),
        ("postgresql://db:5433/shop", "postgresql://db:5433/shop"),
        (
            "postgresql:///shop?host=/run/postgresql&port=5433",
            "postgresql:///run/postgresql:5433/shop",
        ),
        ("mariadb+pymysql://root@db/shop", "mysql://db/shop"),
        ("mysql://db:3306/shop", "mysql://db/shop"),
        ("mysql:///shop", "mysql://localhost/shop"),
    ],
)
def test_identities(url, identity):
    assert identity_of(make_url(url)) == identity


def test_a_relative_path_is_the_same_as_the_whole_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert identity_of(make_url("sqlite:///x.db")) == f"sqlite:{tmp_path.resolve() / 'x.db'}"
    assert sqlite_file(make_url("sqlite:///x.db")) == tmp_path / "x.db"


def test_a_database_on_a_server_has_no_file():
    assert sqlite_file(make_url("postgresql://db.example/shop")) is None


def test_two_links_to_one_file_are_one_database(tmp_path):
    (tmp_path / "real.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    one, other = (make_url(f"sqlite:///{tmp_path / name}.db") for name in ("real", "link"))
    assert identity_of(one) == identity_of(other)


def test_the_password_is_not_in_the_representation():
    target = target_of(Path("/x/migrations"), url="postgresql://me:secret@db/shop")
    assert "secret" not in repr(target)
    assert "secret" not in target.identity
    assert len(target.key) == 12
