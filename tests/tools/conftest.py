"""The set-up tools, which are no package: they run before anything is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module tools/prepare.py; `tools.steps` is tools/steps.py."""
    monkeypatch.syspath_prepend(str(TOOLS))
    prepare = import_module("prepare")
    prepare.steps = import_module("steps")  # type: ignore[attr-defined]
    yield prepare
    for name in ("prepare", "steps"):
        sys.modules.pop(name, None)
