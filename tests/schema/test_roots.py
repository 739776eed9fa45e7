"""What env.py puts on sys.path is found and digested where it really lies."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.schema.digest import computed_loads
from console.schema.errors import PlanChanged
from console.schema.executor import apply
from console.schema.roots import roots_of
from tests.histories.place import PRODUCTS, Place
from tests.histories.script_folder import ENVIRONMENT

IMPORTS = "import os, sys, pathlib\nfrom os.path import dirname\nfrom pathlib import Path\n"
SRC = [
    "sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'src'))",
    "sys.path.insert(0, os.path.abspath(os.path.join(dirname(dirname(__file__)), 'src')))",
    "sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'src'))",
    "sys.path.append(str(pathlib.Path(__file__).parents[1].joinpath('src')))",
    "BASE = Path(__file__).parent\nsys.path = [f'{BASE}/../src'] + sys.path",
    "sys.path += [os.path.dirname(os.path.realpath(__file__)) + '/../src']",
    "sys.path[0:0] = [str(Path(__file__, '..', '..', 'src').resolve())]",
    "sys.path.extend(['src'])",
    "sys.path.append(os.path.join(os.getcwd(), 'src'))",
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A project with its modules in `src`, beside the script folder."""
    place = Place(tmp_path, [PRODUCTS])
    (tmp_path / "src" / "shop").mkdir(parents=True)
    (tmp_path / "src" / "shop" / "models.py").write_text("NAMES = []\n")
    place.target = replace(place.target, directory=tmp_path)
    return place


@pytest.mark.parametrize("line", SRC)
def test_a_folder_that_is_written_out_is_read(place: Place, line: str) -> None:
    place.environment(f"{IMPORTS}{line}\n{ENVIRONMENT}")
    found = roots_of(place.target)
    assert (found.folders, found.computed) == ((place.folder / "src",), ())


@pytest.mark.parametrize("line", [SRC[0], SRC[2], SRC[5]])
def test_its_modules_are_digested_and_run_from_there(place: Place, line: str) -> None:
    place.environment(f"{IMPORTS}{line}\nimport shop.models\n{ENVIRONMENT}")
    plan = place.plan()
    assert "shop/models.py" in [ingredient.name for ingredient in plan.ingredients]
    (place.folder / "src" / "shop" / "models.py").write_text("NAMES = ['another']\n")
    with pytest.raises(PlanChanged, match=r"shop/models\.py changed"):
        apply(place.target, plan)
    assert apply(place.target, place.plan()).heads == ("aaaa1",)


def test_a_folder_that_is_computed_is_found_when_it_runs_and_told(place: Place) -> None:
    line = "for name in ['src']:\n    sys.path.append(os.path.join(dirname(__file__), '..', name))"
    place.environment(f"{IMPORTS}{line}\nimport shop.models\n{ENVIRONMENT}")
    assert computed_loads(place.target, []) == ((place.scripts / "env.py", 5),)
    assert apply(place.target, place.plan()).heads == ("aaaa1",)


def test_names_that_stand_for_each_other_end(place: Place) -> None:
    place.environment(f"{IMPORTS}a = b\nb = a\nsys.path.append(a)\n{ENVIRONMENT}")
    assert roots_of(place.target).computed == (6,)
