"""The transaction of a pass belongs to the console until the pass is over."""

import pytest

from console.schema.errors import MigrationFailed
from console.schema.guard import Guard


def test_before_and_after_a_pass_everything_may_be_done() -> None:
    guard = Guard()
    assert guard.allows("COMMIT")
    assert not guard.committed
    guard.start()
    guard.finish()
    assert guard.allows("COMMIT")
    assert guard.committed


def test_a_commit_during_a_pass_is_denied_and_remembered() -> None:
    guard = Guard()
    guard.start()
    assert not guard.allows("COMMIT")
    with pytest.raises(MigrationFailed, match="sends COMMIT itself"):
        guard.finish()


def test_a_rollback_during_a_pass_goes_through_and_ends_it() -> None:
    guard = Guard()
    guard.start()
    assert guard.allows("ROLLBACK")
    with pytest.raises(MigrationFailed, match="rolled the transaction back"):
        guard.refuse_if_broken()
