"""Deaths and races on PostgreSQL, one by one; tests/bench has the random ones."""

import threading
from pathlib import Path

from console.schema.errors import PlanChanged
from console.schema.executor import apply
from tests.histories.place import PRICE, PRODUCTS
from tests.histories.script_folder import Sample
from tests.histories.served import Served
from tests.schema.killing import kill_in_step


def test_a_statement_that_outlives_its_process_is_waited_for(
    tmp_path: Path, postgresql: str
) -> None:
    sleep = Sample("cccc1", ("bbbb1",), up='op.execute("SELECT pg_sleep(20)")')
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE, sleep], at="aaaa1")
    end = kill_in_step(place, 2)
    assert "Nothing was changed" in end
    assert place.ask(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(2%'"
    ) == [1]


def test_of_two_runs_at_once_exactly_one_applies(tmp_path: Path, postgresql: str) -> None:
    place = Served(tmp_path, postgresql, [PRODUCTS, PRICE], at="aaaa1")
    plan = place.plan()
    ends: list[str] = []

    def run() -> None:
        try:
            ends.append(apply(place.target, plan).heads[0])
        except PlanChanged:
            ends.append("refused")

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["bbbb1", "refused", "refused"]
