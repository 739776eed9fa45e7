"""Plans to judge, made in one line each."""

from __future__ import annotations

from dataclasses import replace

from console.hazards.hazard import Hazard
from console.hazards.judge import judge
from console.hazards.sketch import sketch
from console.schema.history import read_history
from console.schema.inquiry import Inquiry
from console.services.lint import plan_of
from tests.histories.place import Place
from tests.histories.script_folder import Sample

URLS = {
    "sqlite": "sqlite:///none.db",
    "postgresql": "postgresql+psycopg://host/shop",
    "mysql": "mysql+pymysql://host/shop",
}


def judged(place: Place, up: str, down: str = "pass") -> tuple[Hazard, ...]:
    """The hazards of one more revision, after its rehearsal."""
    place.write(Sample("cccc1", ("aaaa1",), up=up, down=down))
    plan = place.plan()
    rehearsal = place.rehearse()
    ask = Inquiry(place.target)
    return judge(place.target, plan, rehearsal, read_history(place.target), ask=ask)


def read(place: Place, up: str, down: str = "pass", top: str = "") -> tuple[Hazard, ...]:
    """The hazards of a file that has not been rehearsed."""
    place.write(Sample("cccc1", ("aaaa1",), up=up, down=down))
    path = place.scripts / "versions" / "cccc1_.py"
    path.write_text(f"{top}\n{path.read_text()}")
    return judge(place.target, place.plan(), None, read_history(place.target))


def sketched(place: Place, up: str, database: str = "postgresql") -> tuple[Hazard, ...]:
    """The hazards of a file as lint sees it where the database cannot be reached."""
    place.write(Sample("cccc1", ("aaaa1",), up=up, down="raise NotImplementedError"))
    target = replace(place.target, url=URLS[database])
    history = read_history(target)
    plan = plan_of(target, [history.find("cccc1")])
    return judge(target, plan, None, history, sketch=sketch(target, plan, history))


def only(hazards: tuple[Hazard, ...], code: str) -> Hazard:
    """The one hazard of that code."""
    (hazard,) = (hazard for hazard in hazards if hazard.code == code)
    return hazard


def batch(*operations: str, table: str = "products") -> str:
    """Operations in batch mode."""
    lines = "\n".join(f"    {operation}" for operation in operations)
    return f"with op.batch_alter_table({table!r}) as batch:\n{lines}"


def codes(hazards: tuple[Hazard, ...]) -> set[str]:
    """Their codes."""
    return {hazard.code for hazard in hazards}
