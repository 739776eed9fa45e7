"""worker: `--once` works off what waits, and ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from flask import Flask

from console.services import reviews
from console.services.runs import list_runs
from tests.cli.conftest import Manage
from tests.world import world_of


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    """The command takes over signals; give them back to the tests."""
    before = {
        name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    }
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


def test_what_waits_is_carried_out(manage: Manage, lagging_app: Flask) -> None:
    console = lagging_app.extensions["console"]
    author = world_of(console.store).author
    reviews.open_review(console.store, console.targets, author, target="default", goal="head")
    result = manage(lagging_app, "worker", "--once")
    assert result.exit_code == 0, result.output
    (run,) = list_runs(console.store)
    assert (run.kind, run.state) == ("rehearsal", "succeeded")
