"""Applying at once, for the command line: rehearsed, one at a time, and in the record."""

from pathlib import Path

import pytest

from console.schema.errors import MigrationFailed, NothingToDo
from console.services.audit import list_entries
from console.services.errors import Conflict, NotFound, Refused
from console.services.migrate import migrate_now
from console.services.queue import enqueue
from console.services.runs import get_run
from console.services.standing import note_standing
from console.store.store import Store
from tests.services.conftest import Managed, Open


def _migrate(store: Store, managed: Managed, workspace: Path, **rest: object) -> tuple[str, ...]:
    options = {"target": "default", "goal": "head", "actor_name": "deploy", "workspace": workspace}
    return migrate_now(store, managed.targets, **(options | rest)).heads  # type: ignore[arg-type]


def test_it_rehearses_applies_and_says_so(store: Store, managed: Managed, workspace: Path) -> None:
    kinds: list[str] = []
    heads = _migrate(store, managed, workspace, progress=lambda event: kinds.append(event.kind))
    assert heads == ("bbb2",)
    assert "clone" in kinds
    run = get_run(store, 1)
    assert (run.kind, run.state, run.requested_by) == ("apply", "succeeded", "deploy")
    assert run.rehearsal is not None
    texts = [entry.text for entry in list_entries(store, limit=2)]
    assert texts[1] == "deploy began to apply Add price to products to default without a review."
    assert texts[0].startswith("Run 1 applied Add price to products. Now default stands at bbb2.")
    assert note_standing(store, managed.targets) == ()


def test_it_can_leave_the_rehearsal_out(store: Store, managed: Managed, workspace: Path) -> None:
    kinds: list[str] = []
    _migrate(
        store, managed, workspace, rehearse=False, progress=lambda event: kinds.append(event.kind)
    )
    assert "clone" not in kinds
    assert get_run(store, 1).rehearsal is None


def test_it_says_when_there_is_nothing_to_do(
    store: Store, managed: Managed, workspace: Path
) -> None:
    managed.move_to("bbb2")
    with pytest.raises(NothingToDo):
        _migrate(store, managed, workspace)
    with pytest.raises(NotFound):
        _migrate(store, managed, workspace, target="other")


def test_it_waits_for_nobody(store: Store, managed: Managed, workspace: Path, opened: Open) -> None:
    plan = opened().plan
    with store.begin() as session:
        enqueue(session, kind="apply", plan=plan, requested_by="Ada")
    with pytest.raises(Conflict, match="Run 2 is being applied to 'default'"):
        _migrate(store, managed, workspace)


@pytest.mark.parametrize(("rehearse", "error"), [(True, Refused), (False, MigrationFailed)])
def test_a_failure_is_written_down_and_raised(
    store: Store, managed: Managed, workspace: Path, rehearse: bool, error: type[Exception]
) -> None:
    managed.pending.write_text(managed.pending.read_text().replace('"price"', '"id"'))
    with pytest.raises(error):
        _migrate(store, managed, workspace, rehearse=rehearse)
    run = get_run(store, 1)
    assert run.state == ("refused" if rehearse else "failed")
    assert run.error
    assert managed.execute("SELECT version_num FROM alembic_version") == [("aaa1",)]
    with pytest.raises(error):  # the target is free again
        _migrate(store, managed, workspace, rehearse=rehearse)


def test_ctrl_c_is_written_down(store: Store, managed: Managed, workspace: Path) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _migrate(store, managed, workspace, rehearse=False, progress=interrupt)
    run = get_run(store, 1)
    if managed.execute("SELECT version_num FROM alembic_version") == [("aaa1",)]:
        assert run.state == "interrupted"
        assert run.error == "It was stopped. Nothing was changed; it can be applied again."
    else:  # the child was quicker than the signal
        assert run.state == "succeeded"
        assert run.note == "Recovered: It was stopped. It had applied everything."
