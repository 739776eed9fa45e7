"""A revision accepts a finding by a comment with a reason; it stays visible and no longer blocks."""

from __future__ import annotations

from tests.hazards.judging import batch, codes, judged, only, read
from tests.histories.place import Place

DROP = batch("batch.drop_column('weight')")
WHY = "# console: accept drop-column because the data moved to prices\n"


def test_an_accepted_finding_stays_and_blocks_nobody(place: Place) -> None:
    hazard = only(judged(place, WHY + DROP), "drop-column")
    assert (hazard.severity, hazard.accepted) == ("error", "the data moved to prices")
    assert not hazard.is_blocking


def test_without_a_comment_it_blocks(place: Place) -> None:
    hazard = only(judged(place, DROP), "drop-column")
    assert (hazard.accepted, hazard.is_blocking) == ("", True)


def test_one_finding_of_several_may_be_accepted(place: Place) -> None:
    place.run("ALTER TABLE products ADD COLUMN size INTEGER; UPDATE products SET size = 1;")
    up = batch("batch.drop_column('weight')", "batch.drop_column('size')")
    why = "# console: accept drop-column products.weight because nobody asks for it\n"
    hazards = [h for h in judged(place, why + up) if h.code == "drop-column"]
    assert [(h.subject, h.is_blocking) for h in hazards] == [
        ("products.size", True),
        ("products.weight", False),
    ]


def test_a_comment_speaks_for_its_own_revision_only(place: Place) -> None:
    path = place.scripts / "versions" / "aaaa1_.py"
    path.write_text(WHY + path.read_text())
    assert only(judged(place, DROP), "drop-column").is_blocking


def test_a_reason_is_required(place: Place) -> None:
    for comment in ("# console: accept drop-column\n", "# console: accept drop-column because\n"):
        hazards = judged(place, comment + DROP)
        assert only(hazards, "drop-column").is_blocking
        assert only(hazards, "acceptance-not-understood").severity == "warning"


def test_a_rule_that_does_not_exist_cannot_be_accepted(place: Place) -> None:
    hazards = read(place, "# console: accept drop-colum because it is fine\npass", "op.f('x')")
    assert (
        "“accept drop-colum because it is fine”"
        in only(hazards, "acceptance-not-understood").danger
    )


def test_only_comments_count(place: Place) -> None:
    text = "'# console: accept drop-column because it stands in a text'\n"
    assert only(judged(place, text + DROP), "drop-column").is_blocking


def test_what_is_accepted_comes_behind_what_blocks(place: Place) -> None:
    up = f"{WHY}{DROP}\nop.drop_table('reviews')"
    hazards = judged(place, up)
    assert [h.code for h in hazards][:2] == ["drop-table", "drop-column"]
    assert "acceptance-not-understood" not in codes(hazards)


def test_what_accepts_nothing_that_is_there_is_told(place: Place) -> None:
    why = "# console: accept drop-column products.height because it was never filled\n"
    hazards = judged(place, why + DROP)
    unused = only(hazards, "acceptance-unused")
    assert (unused.severity, unused.subject) == ("warning", "line 9")
    assert unused.danger == (
        "The comment in line 9 accepts drop-column products.height, which was not found; "
        "drop-column was found about products.weight."
    )
    assert only(hazards, "drop-column").is_blocking


def test_what_is_used_or_meant_for_another_database_is_not(place: Place) -> None:
    for_others = "# console: accept index-not-concurrent because the table is small\n"
    assert "acceptance-unused" not in codes(judged(place, WHY + for_others + DROP))


def test_a_file_that_was_only_read_says_nothing_of_it(place: Place) -> None:
    assert "acceptance-unused" not in codes(read(place, WHY + "pass", "op.f('x')"))


def test_a_subject_of_several_words_may_be_accepted(place: Place) -> None:
    place.run("UPDATE products SET name = 'x', weight = 1;")
    up = batch("batch.create_unique_constraint('uq', ['name', 'weight'])")
    why = "# console: accept add-unique-with-duplicates products.name, weight because I want it\n"
    hazard = only(judged(place, why + up), "add-unique-with-duplicates")
    assert (hazard.subject, hazard.accepted) == ("products.name, weight", "I want it")


def test_a_reason_may_say_because_again(place: Place) -> None:
    why = "# console: accept drop-column because it was moved, because we can\n"
    assert only(judged(place, why + DROP), "drop-column").accepted == (
        "it was moved, because we can"
    )
