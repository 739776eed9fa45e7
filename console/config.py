"""Settings from the environment, each with its doc line; a bad one refuses to start in one sentence."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from console.secret import SecretError, check_secret, read_or_make_secret

ENVIRONMENTS = ("development", "production", "testing")
ROOT = Path(__file__).resolve().parent.parent

T = TypeVar("T")


class SettingsError(Exception):
    """A setting cannot be used; `name` is the variable, `str()` one sentence with the way out."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


@dataclass(frozen=True)
class Setting:
    """One variable of the environment: its name, its default in words, and what it is for."""

    name: str
    default: str
    doc: str


SETTINGS = (
    Setting(
        "CONSOLE_ENV", "development", "What this is: `development`, `production` or `testing`."
    ),
    Setting(
        "CONSOLE_INSTANCE",
        "`instance/` in the checkout; Flask's instance folder where the console is mounted",
        "The folder for everything that is written: databases, the secret key, rehearsal clones.",
    ),
    Setting(
        "CONSOLE_DATABASE_URL",
        "SQLite, `app.db` in the instance folder",
        "The managed database, as an SQLAlchemy URL; a relative SQLite path starts beside the instance folder.",
    ),
    Setting(
        "CONSOLE_STORE_URL",
        "SQLite, `console.db` in the instance folder",
        "The console's own database: accounts, reviews, runs and the audit trail.",
    ),
    Setting(
        "CONSOLE_SECRET_KEY",
        "generated into `secret_key` in the instance folder; none in production",
        "Signs cookies and tokens: at least 32 random characters, the same in every process.",
    ),
    Setting(
        "CONSOLE_APPROVALS_REQUIRED",
        "1",
        "How many other people have to approve a plan before it may be applied.",
    ),
    Setting(
        "CONSOLE_MIGRATE_WITHOUT_REVIEW",
        "yes; no in production",
        "Whether `manage.py migrate`, `baseline` and `doctor` may apply or stamp what nobody approved: `yes` or `no`.",
    ),
    Setting("CONSOLE_SESSION_HOURS", "12", "After how many hours a person has to sign in again."),
    Setting(
        "CONSOLE_APP",
        "what the application's module calls it",
        "Where the processes that run migrations find the Flask application: `module:name`.",
    ),
    Setting(
        "CONSOLE_TARGETS",
        "none",
        "A TOML file that names [more databases](targets.md), each with an Alembic history of its own.",
    ),
    Setting(
        "CONSOLE_REHEARSAL_LIMIT",
        "21474836480 (20 GB)",
        "Above how many bytes of a database its [rehearsals](rehearsal.md) copy a sample of the rows.",
    ),
    Setting("PORT", "5000", "The port on which `make run` and `manage.py runserver` serve."),
)


@dataclass(frozen=True)
class Settings:
    """Every setting with its value, checked. URLs and the key stay out of `repr`."""

    env: str
    instance: Path
    database_url: str = field(repr=False)
    store_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    approvals_required: int = 1
    migrate_without_review: bool = True
    session_hours: int = 12
    application: str = ""
    port: int = 5000
    targets_file: Path | None = None
    rehearsal_limit: int = 20 * 1024**3

    @property
    def is_production(self) -> bool:
        """Whether to be strict: secure cookies, no migration without a review."""
        return self.env == "production"

    @property
    def workspace(self) -> Path:
        """The folder in which rehearsals make their clones."""
        return self.instance / "rehearsals"

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] = os.environ,
        root: Path = ROOT,
        instance: str | Path = "instance",
    ) -> Settings:
        """Read every setting from `environ`, create the instance folder, and raise SettingsError
        for the first one that cannot be used. Relative paths start at `root`; `instance` is the
        folder where CONSOLE_INSTANCE names none."""
        env = _read(environ, "CONSOLE_ENV", "development", _environment)
        instance = _writable(root / Path(environ.get("CONSOLE_INSTANCE") or instance).expanduser())
        return cls(
            env=env,
            instance=instance,
            database_url=_read(
                environ, "CONSOLE_DATABASE_URL", _sqlite(instance / "app.db"), _url(root)
            ),
            store_url=_read(
                environ, "CONSOLE_STORE_URL", _sqlite(instance / "console.db"), _url(root)
            ),
            secret_key=_secret_key(environ, env, instance),
            approvals_required=_read(environ, "CONSOLE_APPROVALS_REQUIRED", "1", _whole(1, 20)),
            migrate_without_review=_read(
                environ,
                "CONSOLE_MIGRATE_WITHOUT_REVIEW",
                "no" if env == "production" else "yes",
                _yes_or_no,
            ),
            session_hours=_read(environ, "CONSOLE_SESSION_HOURS", "12", _whole(1, 24 * 365)),
            application=_read(environ, "CONSOLE_APP", "", _importable),
            targets_file=_read(environ, "CONSOLE_TARGETS", "", _file(root)),
            rehearsal_limit=_read(
                environ, "CONSOLE_REHEARSAL_LIMIT", str(20 * 1024**3), _whole(0, 10**12)
            ),
            port=_read(environ, "PORT", "5000", _whole(1, 65535)),
        )


def _read(environ: Mapping[str, str], name: str, default: str, convert: Callable[[str], T]) -> T:
    """The converted value of `name`, an empty one counting as missing; ValueError carries a sentence."""
    value = environ.get(name, "").strip() or default
    try:
        return convert(value)
    except ValueError as error:
        raise SettingsError(name, f"{name} {error}") from None


def _environment(value: str) -> str:
    if value not in ENVIRONMENTS:
        raise ValueError(f"is '{value}'; it has to be one of {', '.join(ENVIRONMENTS)}.")
    return value


def _yes_or_no(value: str) -> bool:
    words = {"yes": True, "true": True, "1": True, "on": True}
    words |= {"no": False, "false": False, "0": False, "off": False}
    if value.lower() not in words:
        raise ValueError(f"is '{value}'; it has to be yes or no.")
    return words[value.lower()]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def convert(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not least <= int(value[:12]) <= most:
            raise ValueError(f"is '{value}'; it has to be a whole number from {least} to {most}.")
        return int(value)

    return convert


def _importable(value: str) -> str:
    module, _, name = value.partition(":")
    parts = [*module.split("."), name]
    if value and not all(part.isidentifier() for part in parts):
        raise ValueError(f"is '{value}'; it has to look like package.module:create_app.")
    return value


def _sqlite(path: Path) -> str:
    return f"sqlite:///{path}"


def _url(root: Path) -> Callable[[str], str]:
    def convert(value: str) -> str:
        try:
            url = make_url(value)
        except ArgumentError:
            # the value may hold a password, so it is not repeated
            raise ValueError(
                "is not a database URL; write it like sqlite:////data/app.db "
                "or postgresql+psycopg://user:password@host/name."
            ) from None
        if url.get_backend_name() != "sqlite":
            return value
        if not url.database or url.database == ":memory:":
            raise ValueError(
                "is an SQLite database in memory, which no second process can reach; "
                "name a file, like sqlite:////data/app.db."
            )
        if url.database.startswith("file:"):
            return value
        path = (root / url.database).resolve()
        return url.set(database=str(path)).render_as_string(hide_password=False)

    return convert


def _file(root: Path) -> Callable[[str], Path | None]:
    def convert(value: str) -> Path | None:
        if not value:
            return None
        path = (root / Path(value).expanduser()).resolve()
        if not path.is_file():
            raise ValueError(f"names {path}, which is no file.")
        return path

    return convert


def _writable(folder: Path) -> Path:
    """`folder` as an absolute path, created if it is missing."""
    folder = folder.resolve()
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            "CONSOLE_INSTANCE",
            f"The instance folder {folder} cannot be written to ({error.strerror}); "
            "make it writable, or choose another one with CONSOLE_INSTANCE=/path/to/folder.",
        ) from None
    return folder


def _secret_key(environ: Mapping[str, str], env: str, instance: Path) -> str:
    given = environ.get("CONSOLE_SECRET_KEY", "").strip()
    try:
        if env == "production":
            return check_secret(given)
        return given or read_or_make_secret(instance / "secret_key")
    except SecretError as error:
        raise SettingsError("CONSOLE_SECRET_KEY", str(error)) from None
