"""imports: what a Python file loads, read from its syntax tree without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from console.schema.parsing import parse

BY_NAME = frozenset({"import_module", "__import__", "run_module"})
BY_PATH = frozenset({"run_path", "spec_from_file_location", "SourceFileLoader", "load_source"})
MARKS = tuple(name.encode() for name in sorted(BY_NAME | BY_PATH))


@dataclass(frozen=True)
class Loads:
    """What a file loads: (level, dotted name) of every import, and the lines that load what is only
    known when they run."""

    names: tuple[tuple[int, str], ...] = ()
    computed: tuple[int, ...] = ()


def loads_of(path: Path) -> Loads:
    """Return what the file at `path` loads, anywhere in it, `from a import b` as "a.b"; nothing for a
    file that cannot be parsed. OSError for one that is gone."""
    status = path.stat()
    return _read(str(path), (status.st_mtime_ns, status.st_ctime_ns, status.st_size))


@lru_cache(maxsize=20_000)
def _read(path: str, stamp: tuple[int, ...]) -> Loads:
    """The same; `stamp` tells one state of the file from another."""
    try:
        return _loads(Path(path).read_bytes())
    except (OSError, SyntaxError):
        return Loads()


@lru_cache(maxsize=1_000)  # a file and its copies are one to it
def _loads(data: bytes) -> Loads:
    """What these bytes load; raises SyntaxError where they are no Python."""
    tree = parse(data)
    names = set(_imports(tree))
    computed: set[int] = set()
    if any(mark in data for mark in MARKS):
        for line, name in calls_that_load(tree):
            if name:
                level = len(name) - len(name.lstrip("."))
                names.add((level, name[level:]))
            else:
                computed.add(line)
    return Loads(tuple(sorted(names)), tuple(sorted(computed)))


def calls_that_load(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of every call that loads a module; the name is "" where it is computed, or
    the module is loaded by a path."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        called = function.attr if isinstance(function, ast.Attribute) else ""
        called = function.id if isinstance(function, ast.Name) else called
        if called in BY_PATH:
            yield node.lineno, ""
        elif called in BY_NAME:
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "name")]
            is_text = given and isinstance(given[0], ast.Constant)
            value = given[0].value if is_text and isinstance(given[0], ast.Constant) else ""
            yield node.lineno, value if isinstance(value, str) else ""


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, f"{node.module or ''}.{a.name}") for a in node.names)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield every statement of a module, nested ones included."""
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop()
        yield node
        for name in ("body", "orelse", "finalbody"):
            todo.extend(getattr(node, name, ()))
        for name in ("handlers", "cases"):
            for part in getattr(node, name, ()):
                todo.extend(part.body)
