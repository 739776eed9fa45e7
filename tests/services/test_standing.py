"""What happens to a target without the console is noticed, once, and in words."""

from console.services.audit import list_entries
from console.services.queue import enqueue
from console.services.standing import note_standing
from console.store.store import Store
from tests.services.conftest import Managed, Open


def test_the_first_look_only_remembers(store: Store, managed: Managed) -> None:
    assert note_standing(store, managed.targets) == ()
    assert note_standing(store, managed.targets) == ()
    assert list_entries(store, action="target.moved-outside") == ()


def test_a_revision_applied_outside_is_noticed_once(store: Store, managed: Managed) -> None:
    note_standing(store, managed.targets)
    managed.move_to("bbb2")
    sentence = (
        "“Add price to products” was applied outside the console: "
        "default stood at aaa1 and stands at bbb2 now."
    )
    assert note_standing(store, managed.targets) == (sentence,)
    assert note_standing(store, managed.targets) == ()
    (entry,) = list_entries(store, action="target.moved-outside")
    assert (entry.actor, entry.text, entry.subject) == ("Console", sentence, "default")
    assert entry.data == {"before": ["aaa1"], "after": ["bbb2"]}


def test_a_revision_undone_outside_is_noticed(store: Store, managed: Managed) -> None:
    note_standing(store, managed.targets)
    managed.execute("DELETE FROM alembic_version")
    (sentence,) = note_standing(store, managed.targets)
    assert sentence.startswith("“Create products” was undone outside the console")
    assert sentence.endswith("default stood at aaa1 and stands at base now.")


def test_a_file_that_is_gone_is_not_taken_for_a_way_back(store: Store, managed: Managed) -> None:
    note_standing(store, managed.targets)
    managed.database.unlink()
    (sentence,) = note_standing(store, managed.targets)
    assert sentence.startswith(
        f"The file of default is gone: {managed.database}. It stood at aaa1;"
    )
    assert "undone outside" not in sentence
    assert not managed.database.exists()
    assert note_standing(store, managed.targets) == ()


def test_a_revision_without_a_file_is_named(store: Store, managed: Managed) -> None:
    note_standing(store, managed.targets)
    managed.move_to("ffff")
    (sentence,) = note_standing(store, managed.targets)
    assert "ffff was applied outside" in sentence


def test_nothing_is_said_while_a_run_of_ours_has_the_target(
    store: Store, managed: Managed, opened: Open
) -> None:
    note_standing(store, managed.targets)
    plan = opened().plan
    with store.begin() as session:
        enqueue(session, kind="apply", plan=plan, requested_by="Ada")
    managed.move_to("bbb2")
    assert note_standing(store, managed.targets) == ()


def test_a_target_that_cannot_be_read_is_passed_over(store: Store, managed: Managed) -> None:
    note_standing(store, managed.targets)
    managed.database.write_bytes(b"this is no database at all, only the name of one" * 40)
    assert note_standing(store, managed.targets) == ()
