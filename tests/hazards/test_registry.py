"""Rules have codes, reasons and a safe way."""

from __future__ import annotations

import pytest

from console.hazards.registry import RULES, rule


def test_every_rule_has_a_reason_and_a_code_in_kebab_case() -> None:
    for code, known in RULES.items():
        assert code == code.lower().replace("_", "-")
        assert known.reason.endswith(".")
        assert known.instead.endswith(".")


def test_a_code_is_taken_only_once() -> None:
    with pytest.raises(ValueError, match="two rules 'drop-table'"):
        rule("drop-table", "error", "", instead="")(lambda evidence: ())
