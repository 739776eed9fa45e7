"""proving: a database with what cases need, and plans that are rehearsed and judged there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from console.hazards.hazard import Hazard
from console.hazards.judge import judge
from console.schema.history import read_history
from console.schema.inquiry import Inquiry
from console.schema.rehearsal import Rehearsal
from tests.hazards.cases.case import Case
from tests.histories.place import Place
from tests.histories.script_folder import Sample, text_of
from tests.servers import engine_of

MODELS = """\
class Product:
    @staticmethod
    def rename():
        pass
"""


class Proving:
    """A database with the tables of some cases; `url` is that of an empty one, None for SQLite."""

    def __init__(self, folder: Path, url: str | None, cases: Iterable[Case]) -> None:
        folder.mkdir()
        self.place = Place(folder, [])
        models = folder / "shop_models" / "models.py"
        models.parent.mkdir()
        models.write_text(MODELS)
        target = replace(self.place.target, paths=(folder,))
        self.place.target = replace(target, url=url) if url else target
        with engine_of(self.place.target.url).connect() as connection:
            quote = connection.dialect.identifier_preparer.initial_quote
            for statement in dict.fromkeys(s for case in cases for s in case.tables):
                try:
                    connection.exec_driver_sql(statement.replace('"', quote))
                except IntegrityError:
                    assert "CONCURRENTLY" in statement  # it leaves an invalid index, as it should

    def judged(
        self, samples: Iterable[Sample], tops: dict[str, str] | None = None
    ) -> tuple[Rehearsal, tuple[Hazard, ...]]:
        """Rehearse these revisions, one after the other, in place of those before, and judge them
        with what the database itself answers. `tops` are first lines of files."""
        versions, before = self.place.scripts / "versions", tuple[str, ...]()
        for path in versions.glob("*.py"):
            path.unlink()
        for sample in samples:
            text = text_of(replace(sample, parents=before))
            top = (tops or {}).get(sample.id, "")
            (versions / f"{sample.id}_.py").write_text(f"{top}\n{text}" if top else text)
            before = (sample.id,)
        plan, rehearsal = self.place.plan(), self.place.rehearse()
        target = self.place.target
        return rehearsal, judge(target, plan, rehearsal, read_history(target), ask=Inquiry(target))
