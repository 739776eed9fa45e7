"""The settings: each has its default, its check, and one sentence when it cannot be used."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from console.config import SETTINGS, Settings, SettingsError
from console.secret import read_or_make_secret

GOOD_KEY = "kX3v9Qm2Lr8Tz5Yb7Wc1Nd4Fg6Hj0Ps-Ua"


def read(root: Path, **environ: str) -> Settings:
    return Settings.from_environment(environ, root=root)


def refusal(root: Path, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(root, **environ)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_has_a_default_in_the_instance_folder(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.env == "development"
    assert settings.instance == tmp_path / "instance"
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/app.db"
    assert settings.store_url == f"sqlite:///{tmp_path}/instance/console.db"
    assert settings.application == ""
    assert (settings.port, settings.session_hours, settings.approvals_required) == (5000, 12, 1)
    assert settings.migrate_without_review


def test_an_empty_variable_counts_as_missing(tmp_path: Path) -> None:
    assert read(tmp_path, PORT="", CONSOLE_ENV=" ", CONSOLE_INSTANCE="") == read(tmp_path)


def test_a_secret_key_is_generated_once_and_kept_private(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    file = tmp_path / "instance" / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret_key"]


def test_a_key_file_that_others_may_read_is_made_private_again(tmp_path: Path) -> None:
    read(tmp_path)
    file = tmp_path / "instance" / "secret_key"
    file.chmod(0o644)
    read(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    barrier, keys = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        keys.append(read_or_make_secret(tmp_path / "secret_key"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "secret_key").write_text("short")
    assert "delete the file" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "is missing"),
        ("k3y", "has 3 characters"),
        ("please-change-me-before-you-go-live", "looks like an example"),
        ("django-insecure-8s7df6g5h4j3k2l1q0w9", "looks like an example"),
        (
            "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
            "looks like an example",
        ),
        ("abababababababababababababababababab", "repeats a few characters"),
    ],
)
def test_production_refuses_a_bad_key_and_says_how_to_make_one(
    tmp_path: Path, key: str, says: str
) -> None:
    sentence = refusal(tmp_path, CONSOLE_ENV="production", CONSOLE_SECRET_KEY=key)
    assert says in sentence
    assert "secrets.token_urlsafe(48)" in sentence
    assert not (tmp_path / "instance" / "secret_key").exists()
    assert not key or key not in sentence


def test_production_is_strict_about_reviews(tmp_path: Path) -> None:
    settings = read(tmp_path, CONSOLE_ENV="production", CONSOLE_SECRET_KEY=GOOD_KEY)
    assert settings.is_production
    assert not settings.migrate_without_review
    allowed = read(
        tmp_path,
        CONSOLE_ENV="production",
        CONSOLE_SECRET_KEY=GOOD_KEY,
        CONSOLE_MIGRATE_WITHOUT_REVIEW="yes",
    )
    assert allowed.migrate_without_review


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONSOLE_ENV", "prod"),
        ("CONSOLE_DATABASE_URL", "not a url"),
        ("CONSOLE_DATABASE_URL", "sqlite://"),
        ("CONSOLE_STORE_URL", "sqlite:///:memory:"),
        ("CONSOLE_APPROVALS_REQUIRED", "0"),
        ("CONSOLE_APPROVALS_REQUIRED", "many"),
        ("CONSOLE_MIGRATE_WITHOUT_REVIEW", "maybe"),
        ("CONSOLE_SESSION_HOURS", "-1"),
        ("CONSOLE_SESSION_HOURS", "9" * 4000),
        ("CONSOLE_APP", "console.app"),
        ("CONSOLE_APP", "console/app.py:app"),
        ("PORT", "65536"),
        ("PORT", "²"),
    ],
)
def test_a_bad_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    assert refusal(tmp_path, **{name: value}).startswith(name)


def test_a_bad_url_is_refused_without_repeating_its_password(tmp_path: Path) -> None:
    assert "hunter2" not in refusal(tmp_path, CONSOLE_DATABASE_URL="me:hunter2 at home")


def test_urls_and_the_key_stay_out_of_logs(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        CONSOLE_DATABASE_URL="postgresql+psycopg://me:hunter2@host/shop",
        CONSOLE_SECRET_KEY=GOOD_KEY,
    )
    assert "hunter2" not in repr(settings)
    assert GOOD_KEY not in repr(settings)
    assert settings.database_url == "postgresql+psycopg://me:hunter2@host/shop"


def test_a_relative_database_file_starts_at_the_checkout(tmp_path: Path) -> None:
    settings = read(tmp_path, CONSOLE_DATABASE_URL="sqlite:///data/shop.db")
    assert settings.database_url == f"sqlite:///{tmp_path}/data/shop.db"


def test_an_instance_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sentence = refusal(tmp_path, CONSOLE_INSTANCE=str(tmp_path / "file" / "instance"))
    assert str(tmp_path / "file" / "instance") in sentence
    assert "CONSOLE_INSTANCE=" in sentence


def test_every_setting_has_a_line_of_documentation() -> None:
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    for setting in SETTINGS:
        assert setting.doc.endswith(".")
        assert setting.default
