"""What an application installs carries everything that the console needs to run on it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHOP = """\
import console
from console import Console
from console.store.upgrade import upgrade_store
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
db = SQLAlchemy(app)
Migrate(app, db)
mounted = Console(app, db)
assert mounted.application == "shop:app"
assert app.instance_path == str(mounted.settings.instance)
with app.app_context():
    upgrade_store(mounted.store)
page = app.test_client().get("/admin/sign-in")
assert page.status_code == 200, page.text
style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
assert app.test_client().get(style).status_code == 200
print(console.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


def test_it_carries_templates_front_end_and_the_stores_history(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in {
        "console/static/dist": "console/static/dist",
        "templates": "console/templates",
        "console/store/versions": "console/store/versions",
    }.items():
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        here = {path.relative_to(ROOT / folder) for path in files if path.suffix != ".pyc"}
        assert {f"{inside}/{path}" for path in here} <= names
    assert not [name for name in names if name.startswith(("console/shop", "console/app", "tests"))]


def test_an_application_runs_on_it_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    (tmp_path / "shop.py").write_text(SHOP)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CONSOLE_")}
    done = subprocess.run(
        [sys.executable, "-c", "import shop"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "installed" / "console" / "__init__.py")
    assert (tmp_path / "instance" / "console.db").exists()
