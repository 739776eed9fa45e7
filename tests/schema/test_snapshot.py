"""What runs is a copy of what was digested."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.errors import PlanChanged, RunError
from console.schema.executor import apply
from console.schema.job import Job, Pass
from console.schema.plan import make_plan
from console.schema.process import run_job
from console.schema.progress import silent
from console.schema.snapshot import snapshot_of, verify
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT, line, target_of, text_of, write_folder


def test_a_snapshot_is_apart_from_the_folder_and_gone_afterwards(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    plan = place.plan()
    with snapshot_of(place.target) as snapshot:
        copied = snapshot.version_locations[0] / "aaaa1_.py"
        (place.scripts / "versions" / "aaaa1_.py").write_text("")
        assert copied.read_text() == text_of(PRODUCTS)
        verify(plan, snapshot, place.target)
    assert not copied.exists()


def test_version_folders_elsewhere_keep_their_place(tmp_path: Path) -> None:
    scripts = write_folder(tmp_path / "app" / "migrations")
    more = write_folder(tmp_path / "plugins" / "blog", line("aaaa1", "aaaa2")) / "versions"
    target = target_of(scripts, version_locations=(scripts / "versions", more))
    plan = make_plan(target, "head")
    with snapshot_of(target) as snapshot:
        assert [path.name for path in snapshot.version_locations] == ["versions", "versions"]
        verify(plan, snapshot, target)
        digest = make_plan(replace(snapshot, paths=()), "head").digest
    assert digest == plan.digest


@pytest.mark.parametrize("folders", [("versions", "../more"), ("..", "versions/later")])
def test_version_folders_in_each_other_are_all_there(
    tmp_path: Path, folders: tuple[str, str]
) -> None:
    scripts = write_folder(tmp_path / "app" / "migrations", line("aaaa1"))
    places = tuple((scripts / folder).resolve() for folder in folders)
    for place in places:
        place.mkdir(exist_ok=True)
        (place / f"rows_of_{place.name}.csv").write_text("1,2")
    target = target_of(scripts, version_locations=places)
    with snapshot_of(target) as snapshot:
        for place, copied in zip(places, snapshot.version_locations, strict=True):
            names = {path.name for path in place.rglob("*") if path.suffix in (".py", ".csv")}
            assert {path.name for path in copied.rglob("*") if path.is_file()} == names


def test_a_folder_may_be_called_as_files_are_that_decide_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    (place.scripts / "README.d").mkdir()
    (place.scripts / "README.d" / "rows.csv").write_text("1,2")
    assert apply(place.target, place.plan()).heads == ("aaaa1",)


def test_files_that_are_no_python_and_compiled_ones_are_left_out(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    (place.scripts / "versions" / "broken.py").write_text("def (")
    (place.scripts / "versions" / "rows.csv").write_text("1,2")
    (place.scripts / "__pycache__").mkdir()
    with snapshot_of(place.target) as snapshot:
        names = {path.name for path in snapshot.script_location.rglob("*")}
    assert names == {"env.py", "versions", "aaaa1_.py", "rows.csv"}


def test_a_script_folder_that_is_a_package_is_covered_once_however_it_is_imported(
    tmp_path: Path,
) -> None:
    imports = "from stock import helpers"
    place = Place(tmp_path, [replace(PRODUCTS, up=f"{imports}\n{PRODUCTS.up}")])
    package = place.scripts.rename(tmp_path / "stock")
    (package / "__init__.py").touch()
    (package / "helpers.py").write_text("from stock import more")
    (package / "more.py").touch()
    target = replace(
        place.target,
        script_location=package,
        version_locations=(package / "versions",),
        paths=(tmp_path,),
    )
    plan = make_plan(target, "head")
    with snapshot_of(target) as snapshot:
        verify(plan, snapshot, target)
        (package / "more.py").write_text("changed = 'in the folder, and not in the copy'")
        with pytest.raises(PlanChanged, match=r"stock/more\.py"):
            verify(plan, snapshot, target)
    assert apply(target, make_plan(target, "head")).heads == ("aaaa1",)


def test_nothing_is_there_to_read_that_was_not_digested(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "fill.sql").write_text("SELECT 1")
    (place.scripts / "linked").symlink_to(shared)
    lock = place.scripts / "versions" / ".#aaaa1_.py"  # as an editor leaves it: it leads nowhere
    lock.symlink_to("somebody@somewhere")
    for name in (".env", "README", "script.py.mako", "fill.sql~"):
        (place.scripts / name).write_text("NAME=1")
    (place.scripts / ".cache").mkdir()
    (place.scripts / ".cache" / "rows.csv").write_text("1,2")
    digested = {Path(ingredient.name).name for ingredient in place.plan().ingredients}
    with snapshot_of(place.target) as snapshot:
        verify(place.plan(), snapshot, place.target)
        copied = {path.name for path in snapshot.script_location.rglob("*") if path.is_file()}
    assert copied - {"script.py.mako"} == digested & copied
    assert {".env", "fill.sql"} < copied


def test_a_folder_that_is_linked_twice_counts_under_both_names(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    (tmp_path / "shared" / "deep").mkdir(parents=True)
    (tmp_path / "shared" / "deep" / "fill.sql").write_text("SELECT 1")
    for name in ("one", "two"):
        (place.scripts / name).symlink_to(tmp_path / "shared")
    names = {ingredient.name for ingredient in place.plan().ingredients}
    assert {f"migrations/{name}/deep/fill.sql" for name in ("one", "two")} < names
    assert apply(place.target, place.plan()).heads == ("aaaa1",)


@pytest.mark.parametrize("links", [{"loop": "."}, {"up": ".."}, {"a/b": "../b", "b/a": "../a"}])
def test_a_link_that_leads_back_is_told(tmp_path: Path, links: dict[str, str]) -> None:
    place = Place(tmp_path, [PRODUCTS])
    for link, to in links.items():
        (place.scripts / link).parent.mkdir(exist_ok=True)
        (place.scripts / link).symlink_to(to)
    with pytest.raises(RunError, match=r"leads back to .*Take the link out\.$"):
        apply(place.target, place.plan())


def test_a_hidden_file_that_changes_voids_the_plan(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    (place.scripts / ".env").write_text("NAME=1")
    plan = place.plan()
    (place.scripts / ".env").write_text("NAME=2")
    with pytest.raises(PlanChanged, match=r"\.env changed"):
        apply(place.target, plan)


SAYS = """\
import pathlib
from alembic import context
said = context.config.get_main_option("said")
pathlib.Path(said).write_text(pathlib.Path(context.config.config_file_name).read_text())
"""


@pytest.mark.parametrize("folder", [".", "elsewhere"])
def test_the_ini_is_read_as_it_was_when_it_was_digested(tmp_path: Path, folder: str) -> None:
    place = Place(tmp_path, [PRODUCTS])
    ini = tmp_path / folder / "alembic.ini"
    ini.parent.mkdir(exist_ok=True)
    ini.write_text("[alembic]\nsaid = %(here)s/said\n")
    place.target = replace(place.target, ini=ini)
    place.environment(SAYS + ENVIRONMENT)
    plan = place.plan()
    with snapshot_of(place.target) as snapshot:
        assert make_plan(replace(snapshot, paths=()), "head").digest == plan.digest
    ini.write_text("[alembic]\nsaid = %(here)s/other\n")
    with pytest.raises(PlanChanged, match=r"alembic\.ini changed"):
        apply(place.target, plan)
    assert apply(place.target, place.plan()).heads == ("aaaa1",)
    assert (ini.parent / "other").read_text() == ini.read_text()


def test_an_ini_that_changes_while_the_plan_runs_is_not_what_runs(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nsaid = %(here)s/said\n")
    place.target = replace(place.target, ini=ini)
    place.environment(SAYS + ENVIRONMENT)
    plan = place.plan()
    with snapshot_of(place.target) as snapshot:
        verify(plan, snapshot, place.target)
        ini.write_text("[alembic]\nsaid = %(here)s/other\n")
        answer = run_job(Job("run", snapshot, (Pass(plan.steps, plan.start),)), progress=silent)
    assert answer.failure is None
    assert (tmp_path / "said").is_file()
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_a_revision_that_became_no_file_since_its_review_is_gone(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, [PRODUCTS])
    plan = place.plan()
    file = place.scripts / "versions" / "aaaa1_.py"
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/null")
    else:
        monkeypatch.chdir(file.parent)  # the name of a socket must be short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(file.name)
    with pytest.raises(PlanChanged, match=r"versions/aaaa1_\.py is gone"):
        apply(place.target, plan)


def test_links_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS])
    plan = place.plan()
    versions = place.scripts / "versions"
    (versions / "itself").symlink_to("itself")
    (versions / "bbbb1_.py").symlink_to("bbbb1_.py")
    (place.scripts / "prices.csv").symlink_to("gone.csv")
    with snapshot_of(place.target) as snapshot:
        verify(replace(plan, goal="aaaa1"), snapshot, place.target)
        copied = {path.name for path in snapshot.script_location.rglob("*")}
    assert copied == {"env.py", "versions", "aaaa1_.py"}
