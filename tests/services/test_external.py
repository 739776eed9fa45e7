"""Targets from a TOML file: somebody else's Alembic project, used from where it lies."""

import sys
from pathlib import Path

import pytest

from console.config import SettingsError
from console.schema.autogenerate import check
from console.schema.drift import find_drift
from console.schema.executor import apply
from console.schema.history import read_history
from console.schema.plan import make_plan
from console.schema.rehearsal import rehearse
from console.schema.standing import read_standing
from console.services.external import KEYS, read_targets
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import ENVIRONMENT, write_folder

INI = """\
[alembic]
script_location = %(here)s/db
sqlalchemy.url = sqlite:///stock.db
prepend_sys_path = .
path_separator = os
"""
TOML = """\
[tool.alembic]
script_location = "%(here)s/db"
version_locations = ["%(here)s/db/versions", "%(here)s/db/more"]
recursive_version_locations = true
prepend_sys_path = ["src"]
owner = 'stock'
seat = "%(here)s/seat"
"""
# Takes its URL from the environment and its version table from a module of the project.
OWN_WAY = ENVIRONMENT.replace(
    'context.config.get_main_option("sqlalchemy.url")', 'os.environ["STOCK_URL"]'
).replace("from alembic", "import os\nfrom stock_settings import NAME\nfrom alembic")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two revisions in `db`, and no database yet."""
    folder = tmp_path / "stock"
    write_folder(folder / "db", [PRODUCTS, PRICE])
    (folder / "alembic.ini").write_text(INI)
    (folder / "stock_settings.py").write_text("NAME = 'stock'\n")
    return folder


def targets(folder: Path, text: str):
    file = folder / "targets.toml"
    file.write_text(text)
    return read_targets(file)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        targets(folder, text)
    assert caught.value.name == "CONSOLE_TARGETS"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_a_file_there_are_none() -> None:
    assert read_targets(None) == {}


def test_an_ini_says_everything(project: Path) -> None:
    (target,) = targets(project.parent, '[targets.stock]\nini = "stock/alembic.ini"').values()
    assert target.name == "stock"
    assert target.url == f"sqlite:///{project / 'stock.db'}"
    assert target.script_location == project / "db"
    assert target.version_locations == (project / "db" / "versions",)
    assert target.paths == (project,)
    assert target.directory == project
    assert str(project) not in sys.path


def test_a_script_location_finds_the_ini_beside_it(project: Path) -> None:
    text = '[targets.stock]\nscript_location = "db"\nurl = "sqlite:///other.db"'
    target = targets(project, text)["stock"]
    assert target.ini == project / "alembic.ini"
    assert target.url == f"sqlite:///{project / 'other.db'}"


def test_pyproject_says_what_alembic_ini_does_not(project: Path, tmp_path: Path) -> None:
    (project / "alembic.ini").unlink()
    (project / "db" / "more").mkdir()
    (project / "pyproject.toml").write_text(TOML)
    text = '[targets.stock]\nurl = "sqlite:///stock.db"\nini = "stock/pyproject.toml"'
    target = targets(tmp_path, text)["stock"]
    assert target.script_location == project / "db"
    assert target.version_locations == (project / "db" / "versions", project / "db" / "more")
    assert target.recursive_version_locations
    assert target.paths == (project / "src",)
    asks = "assert context.config.get_alembic_option('owner') == 'stock'\n"
    asks += f"assert context.config.get_alembic_option('seat') == {str(project)!r} + '/seat'\n"
    (project / "db" / "env.py").write_text(
        ENVIRONMENT.replace("\nengine", "\n" + asks + "engine", 1)
    )
    plan = make_plan(target, "head")
    result = rehearse(target, plan, workspace=tmp_path / "workspace")
    assert result.succeeded, result.error
    apply(target, plan)


def test_alembic_ini_comes_before_pyproject(project: Path) -> None:
    (project / "pyproject.toml").write_text(TOML)
    text = '[targets.stock]\nscript_location = "db"\nurl = "sqlite:///other.db"'
    target = targets(project, text)["stock"]
    assert (target.ini, target.toml) == (project / "alembic.ini", project / "pyproject.toml")
    assert target.paths == (project,)
    assert target.recursive_version_locations


def test_an_approval_outlives_what_pyproject_says_to_others(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(TOML)
    target = targets(project, '[targets.stock]\nini = "alembic.ini"')["stock"]
    plan = make_plan(target, "head")
    file.write_text('[project]\ndependencies = ["more"]\n' + TOML)
    assert make_plan(target, "head").digest == plan.digest
    file.write_text(TOML.replace("'stock'", "'other'"))
    changes = make_plan(target, "head").changes_since(plan)
    assert changes == ("[tool.alembic] of pyproject.toml changed",)


@pytest.mark.parametrize("place", ["alembic.ini", "db/alembic.ini"])
def test_an_approval_outlives_a_new_password(project: Path, place: str) -> None:
    file = project / place
    url = "sqlite:///stock.db\nlater.url = postgresql://{0}@host/stock?password={1}\n"

    def digest(who: str, word: str) -> str:
        file.write_text(INI.replace("/db", "") if place != "alembic.ini" else INI)
        text = file.read_text().replace("sqlite:///stock.db\n", url.format(who, word))
        file.write_text(text)
        text = f'[targets.stock]\nini = "{place}"\nscript_location = "db"'
        return make_plan(targets(project, text)["stock"], "head").digest

    first = digest("me:hush", "one")
    assert digest("me:other", "two") == first
    assert digest("you:hush", "one") != first
    plain = digest("me:hush@host/stock\nnote = http://me:hush", "one")
    assert digest("me:hush@host/stock\nnote = http://me:other", "one") != plain


def test_a_pyproject_of_others_is_passed_over(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert targets(project, '[targets.stock]\nini = "alembic.ini"')["stock"].toml is None


def test_one_of_several_sections_is_named(project: Path, tmp_path: Path) -> None:
    (project / "alembic.ini").write_text(INI.replace("[alembic]", "[warehouse]"))
    text = '[targets.stock]\nini = "stock/alembic.ini"'
    assert "needs 'script_location', since" in refusal(tmp_path, text)
    target = targets(tmp_path, text + '\nini_section = "warehouse"')["stock"]
    assert target.url == f"sqlite:///{project / 'stock.db'}"
    apply(target, make_plan(target, "head"))
    assert (project / "stock.db").exists()


def test_a_folder_may_be_named_by_its_package(project: Path) -> None:
    write_folder(project / "stock" / "db", [PRODUCTS])
    named = INI.replace("%(here)s/db", "stock:db")
    (project / "alembic.ini").write_text(named)
    target = targets(project, '[targets.stock]\nini = "alembic.ini"')["stock"]
    assert target.script_location == project / "stock" / "db"
    (project / "alembic.ini").write_text(named.replace("stock:db", "nowhere:db"))
    assert "in a package that is not found" in refusal(
        project, '[targets.stock]\nini = "alembic.ini"'
    )


def test_what_alembic_does_not_take_for_true_is_not(project: Path) -> None:
    (project / "alembic.ini").write_text(INI + "recursive_version_locations = yes\n")
    text = '[targets.stock]\nini = "alembic.ini"'
    assert not targets(project, text)["stock"].recursive_version_locations


def test_the_version_table_is_found_by_name_and_schema(project: Path) -> None:
    text = '[targets.a]\nini = "alembic.ini"\nversion_table = "v"\nversion_table_schema = "own"'
    assert targets(project, text)["a"].version_tables == ("v", "own.v")


def test_a_history_without_an_ini_needs_a_url(tmp_path: Path) -> None:
    write_folder(tmp_path / "db", [PRODUCTS])
    assert "needs 'url'" in refusal(tmp_path, '[targets.a]\nscript_location = "db"')


def test_it_is_listed_rehearsed_and_applied(project: Path, tmp_path: Path) -> None:
    target = targets(tmp_path, '[targets.stock]\nini = "stock/alembic.ini"')["stock"]
    history = read_history(target)
    assert read_standing(target, history).pending == ("aaaa1", "bbbb1")
    plan = make_plan(target, "head")
    rehearsal = rehearse(target, plan, workspace=tmp_path / "workspace")
    assert rehearsal.succeeded, rehearsal.error
    assert not (project / "stock.db").exists()
    apply(target, plan)
    assert read_standing(target, history).heads == ("bbbb1",)


def test_an_env_py_that_asks_the_environment_is_given_the_clone(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCK_URL", f"sqlite:///{project / 'elsewhere.db'}")
    (project / "db" / "env.py").write_text(OWN_WAY)
    text = '[targets.stock]\nini = "stock/alembic.ini"\n'
    refused = targets(tmp_path, text)["stock"]
    plan = make_plan(refused, "head")
    rehearsal = rehearse(refused, plan, workspace=tmp_path / "workspace")
    assert "env.py connected to" in (rehearsal.error or "")
    target = targets(tmp_path, text + 'url_variable = "STOCK_URL"')["stock"]
    plan = make_plan(target, "head")
    assert rehearse(target, plan, workspace=tmp_path / "workspace").succeeded


def test_an_env_py_finds_the_command_line_that_it_looks_for(project: Path, tmp_path: Path) -> None:
    looks = (
        "import pathlib\n"
        "options = context.config.cmd_opts\n"
        "line = [options.cmd[0].__name__, options.revision, options.x, options.sql, options.name]\n"
        "said = context.get_x_argument(as_dictionary=True)['tenant']\n"
        f"with pathlib.Path({str(tmp_path / 'said')!r}).open('a') as file:\n"
        "    print(line, said, file=file)\n"
    )
    (project / "db" / "env.py").write_text(ENVIRONMENT.replace("\nengine", f"\n{looks}engine", 1))
    text = '[targets.stock]\nini = "stock/alembic.ini"\nx = ["tenant=one", "quick"]'
    target = targets(tmp_path, text)["stock"]
    apply(target, make_plan(target, "head"))
    apply(target, make_plan(target, "-1"))
    up, down = (tmp_path / "said").read_text().splitlines()
    assert up == "['upgrade', 'bbbb1', ['tenant=one', 'quick'], False, 'alembic'] one"
    assert down == "['downgrade', 'aaaa1', ['tenant=one', 'quick'], False, 'alembic'] one"


def test_other_arguments_are_another_plan(project: Path, tmp_path: Path) -> None:
    text = '[targets.stock]\nini = "stock/alembic.ini"\nx = '
    plan = make_plan(targets(tmp_path, text + '["tenant=one"]')["stock"], "head")
    other = make_plan(targets(tmp_path, text + '["tenant=two"]')["stock"], "head")
    assert other.changes_since(plan) == ("the arguments -x changed",)
    assert "needs a list of texts for 'x'" in refusal(tmp_path, text + '"tenant=one"')


def test_models_are_compared_as_by_alembics_check_and_revision(project: Path) -> None:
    looks = 'assert context.config.cmd_opts.cmd[0].__name__ in ("check", "revision", "upgrade")\n'
    text = ENVIRONMENT.replace("\nengine", f"\nimport sqlalchemy\n{looks}engine", 1)
    given = "connection=connection, target_metadata=sqlalchemy.MetaData()"
    (project / "db" / "env.py").write_text(text.replace("connection=connection", given))
    target = targets(project, '[targets.stock]\nini = "alembic.ini"')["stock"]
    apply(target, make_plan(target, "head"))
    assert len(check(target)) == 2
    assert find_drift(target).models.error is None


def test_another_interpreter_runs_the_migrations(project: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ntouch "{tmp_path}/used"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    text = '[targets.stock]\nini = "stock/alembic.ini"\npython = "python"'
    target = targets(tmp_path, text)["stock"]
    apply(target, make_plan(target, "head"))
    assert (tmp_path / "used").exists()


def test_a_package_of_the_project_is_not_taken_for_ours(project: Path, tmp_path: Path) -> None:
    (project / "console").mkdir()
    (project / "console" / "__init__.py").write_text("raise RuntimeError('not this one')")
    target = targets(tmp_path, '[targets.stock]\nini = "stock/alembic.ini"')["stock"]
    apply(target, make_plan(target, "head"))
    assert (project / "stock.db").exists()


def test_packages_named_as_those_of_python_or_of_ours_are_the_projects_own(
    project: Path, tmp_path: Path
) -> None:
    for name in ("logging", "tests", "tools"):
        (project / name).mkdir()
        (project / name / "__init__.py").write_text(f"owner = 'stock {name}'\n")
    env = (project / "db" / "env.py").read_text()
    asks = "import logging, tests, tools\nassert tests.owner + tools.owner == 'stock testsstock tools'\n"
    (project / "db" / "env.py").write_text(asks + "logging.getLogger('stock')\n" + env)
    (project / "alembic.ini").write_text(INI.replace("prepend_sys_path = .\n", ""))
    target = targets(project, '[targets.stock]\nini = "alembic.ini"')["stock"]
    result = rehearse(target, make_plan(target, "head"), workspace=tmp_path / "work")
    assert result.succeeded, result.error


def test_a_variable_keeps_the_password_out_of_the_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[targets.a]\nscript_location = "db"\nurl = "postgresql://me:${STOCK_PASSWORD}@host/a"'
    monkeypatch.setenv("STOCK_PASSWORD", "hush")
    target = targets(project, text)["a"]
    assert target.parsed_url.password == "hush"
    assert "hush" not in repr(target)
    monkeypatch.delenv("STOCK_PASSWORD")
    assert "asks for the variable STOCK_PASSWORD" in refusal(project, text)


def test_what_cannot_be_used_is_one_sentence(project: Path) -> None:
    assert "cannot be read" in refusal(project, "[targets")
    assert "tables [targets.NAME] only" in refusal(project, "other = 1")
    assert "not 'default'" in refusal(project, '[targets.default]\nini = "alembic.ini"')
    assert "small letters" in refusal(project, '[targets."a b"]\nini = "alembic.ini"')
    assert "none of url, " in refusal(project, '[targets.a]\nuri = "x"')
    assert "needs text for 'ini'" in refusal(project, "[targets.a]\nini = 3")
    assert "needs 'script_location' or 'ini'" in refusal(project, '[targets.a]\nurl = "x"')
    assert "which is no file" in refusal(project, '[targets.a]\nini = "nowhere.ini"')
    assert "no env.py" in refusal(project, '[targets.a]\nscript_location = "."')
    assert "no database URL" in refusal(project, '[targets.a]\nini = "alembic.ini"\nurl = "x"')
    assert "in memory" in refusal(project, '[targets.a]\nini = "alembic.ini"\nurl = "sqlite://"')
    (project / "damaged.ini").write_text("nothing")
    assert "cannot be read: File contains no" in refusal(
        project, '[targets.a]\nini = "damaged.ini"'
    )
    (project / "pyproject.toml").write_text("[tool")
    assert "cannot be read: Expected" in refusal(project, '[targets.a]\nini = "pyproject.toml"')
    (project / "pyproject.toml").unlink()
    text = '[targets.a]\nini = "alembic.ini"\npython = "nowhere"'
    assert "which cannot be run" in refusal(project, text)
    assert "needs the 'application'" in refusal(
        project, '[targets.a]\nini = "alembic.ini"\nbind = "stock"'
    )


APPLICATION = """\
import sqlalchemy as sa
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()

class Stock(db.Model):
    __bind_key__ = "stock"
    id = sa.Column(sa.Integer, primary_key=True)

def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.config["SQLALCHEMY_BINDS"] = {"stock": "sqlite:////nowhere/stock.db"}
    db.init_app(app)
    Migrate(app, db)
    return app
"""
BIND_ENVIRONMENT = """\
from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db
with db.engines["stock"].connect() as connection:
    context.configure(connection=connection, target_metadata=db.metadatas["stock"])
    with context.begin_transaction():
        context.run_migrations()
"""


def test_a_bind_of_a_flask_application_is_a_target(tmp_path: Path) -> None:
    up = 'op.create_table("stock", sa.Column("id", sa.Integer, primary_key=True))'
    write_folder(tmp_path / "db", [type(PRODUCTS)("aaaa1", up=up)])
    (tmp_path / "db" / "env.py").write_text(BIND_ENVIRONMENT)
    (tmp_path / "db" / "alembic.ini").write_text("[alembic]\n")
    (tmp_path / "small_stock.py").write_text(APPLICATION)
    text = (
        '[targets.stock]\nurl = "sqlite:///stock.db"\nscript_location = "db"\n'
        'application = "small_stock:create_app"\nbind = "stock"'
    )
    target = targets(tmp_path, text)["stock"]
    apply(target, make_plan(target, "head"))
    assert (tmp_path / "stock.db").exists()
    assert check(target) == ()


def test_every_key_is_described() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "targets.md").read_text()
    for key, meaning in KEYS.items():
        assert f"| `{key}` | {meaning} |" in text
