"""A history is run on an empty database, and the target's own stays as it is."""

from pathlib import Path

import pytest

from console.schema.errors import MigrationFailed
from console.schema.rebuild import rebuild, rebuilt, schema_of
from tests.histories.place import PRICE, PRODUCTS, Place
from tests.histories.script_folder import Sample


def test_a_history_makes_the_schema_that_it_made_of_the_database(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE], at="bbbb1")
    before = place.dump()
    assert rebuild(place.target, ["bbbb1"]).fingerprint == schema_of(place.target).fingerprint
    assert rebuild(place.target, ["aaaa1"]).fingerprint != schema_of(place.target).fingerprint
    assert place.dump() == before


def test_nothing_is_made_up_to_base(tmp_path: Path) -> None:
    assert rebuild(Place(tmp_path, [PRODUCTS]).target, []).tables == ()


def test_a_head_below_another_is_already_there(tmp_path: Path) -> None:
    place = Place(tmp_path, [PRODUCTS, PRICE])
    assert len(rebuild(place.target, ["aaaa1", "bbbb1"]).tables) == 2


def test_the_scratch_is_gone_afterwards(tmp_path: Path) -> None:
    with rebuilt(Place(tmp_path, [PRODUCTS]).target, ["aaaa1"]) as scratch:
        file = Path(scratch.parsed_url.database or "")
        assert file.is_file()
    assert not file.exists()


def test_a_revision_that_fails_on_empty_tables_says_so(tmp_path: Path) -> None:
    place = Place(tmp_path, [Sample("aaaa1", up='raise ValueError("no rows")')])
    with pytest.raises(MigrationFailed, match="no rows"):
        rebuild(place.target, ["aaaa1"])
