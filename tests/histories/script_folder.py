"""Writes script folders for the tests: an Alembic history of a few lines a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from console.schema.target import Target

ENVIRONMENT = """\
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


@dataclass(frozen=True)
class Sample:
    """A revision to write: `up` and `down` are the bodies of its functions."""

    id: str
    parents: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    up: str = "pass"
    down: str = "pass"
    message: str = ""
    created: str = ""


def text_of(sample: Sample) -> str:
    """The source of a revision file."""
    date = f"\n\nCreate Date: {sample.created}\n" if sample.created else ""
    return "\n".join(
        [
            f'"""{sample.message or "Revision " + sample.id}{date}"""',
            "import sqlalchemy as sa",
            "from alembic import op",
            f"revision = {sample.id!r}",
            f"down_revision = {scalar(sample.parents)!r}",
            f"depends_on = {scalar(sample.depends_on)!r}",
            f"branch_labels = {scalar(sample.labels)!r}",
            "def upgrade():",
            *(f"    {line}" for line in sample.up.splitlines()),
            "def downgrade():",
            *(f"    {line}" for line in sample.down.splitlines()),
            "",
        ]
    )


def scalar(names: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """Names as Alembic's template writes them."""
    return None if not names else names[0] if len(names) == 1 else names


def write_folder(folder: Path, samples: Iterable[Sample] = ()) -> Path:
    """Write a script folder with env.py and these revisions; returns it."""
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (folder / "env.py").write_text(ENVIRONMENT)
    for sample in samples:
        (versions / f"{sample.id}_.py").write_text(text_of(sample))
    return folder


def line(*ids: str) -> list[Sample]:
    """A linear history."""
    return [
        Sample(name, (before,) if before else ())
        for before, name in zip(("", *ids), ids, strict=False)
    ]


def target_of(folder: Path, **changes: object) -> Target:
    """A target with the script folder and an SQLite file beside it, which does not exist yet."""
    values: dict[str, object] = {
        "name": "default",
        "url": f"sqlite:///{folder.parent / 'database.db'}",
        "script_location": folder,
        "version_locations": (folder / "versions",),
    }
    return Target(**(values | changes))  # type: ignore[arg-type]
