"""What a migration says, however odd, can be written down and shown."""

import pytest

from console.schema.progress import Event
from console.services.ending import Ending, finish
from console.services.event_writer import EventWriter
from console.services.presence import Presence
from console.services.queue import claim
from console.services.review import Review
from console.services.runs import events_after, get_run
from console.services.wording import clean, clipped
from console.store.store import Store
from tests.services.conftest import Open

ODD = "half \ud800 of a character, and \0"


@pytest.mark.parametrize("value", [ODD, [ODD], {"text": (ODD, {ODD: ODD})}])
def test_what_no_database_takes_is_replaced(value: object) -> None:
    text = repr(clean(value))
    assert "half ? of a character" in text
    assert "ud800" not in text
    assert "x00" not in text


@pytest.mark.parametrize("value", [None, 3, 1.5, True, "naïve 🦜", [], {}])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert clean(value) == value


def test_an_endless_error_is_clipped() -> None:
    assert clipped("x" * 10, 4) == "xxxx…"
    assert clipped("x" * 4, 4) == "xxxx"
    assert clipped(None) is None


def test_a_run_ends_whatever_its_migration_raised(
    opened: Open, store: Store, presence: Presence
) -> None:
    review: Review = opened()
    assert review.rehearsal_run is not None
    run_id = review.rehearsal_run.id
    claim(store, presence.id, run_id)
    with EventWriter(store, run_id) as tell:
        tell(Event("statement", ODD))
    assert finish(store, run_id, presence.id, Ending("failed", ODD + "y" * 100_000))
    run = get_run(store, run_id)
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.startswith("half ? of a character")
    assert len(run.error) < 6000
    assert any("half ? of" in event.text for event in events_after(store, run_id, 0))
