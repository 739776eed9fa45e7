"""syntax: what a revision file says, read from its syntax tree without running it."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from console.schema.parsing import parse
from console.schema.revision import Direction, Problem, Revision

NAMES = ("revision", "down_revision", "depends_on", "branch_labels")
ILLEGAL = frozenset("@-+:")  # what Alembic refuses in an id, since its goals use them
BASE = "base"
SYNTAX_ERROR = "syntax-error"  # the code of the problem that a file has which is no Python
CREATED = re.compile(r"^\s*Create Date:\s*(\S.*?)\s*$", re.MULTILINE)
BLOCK = "autocommit_block"
PASSED_OVER = frozenset([ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.Expr])
OTHERS: dict[Direction, str] = {"up": "downgrade", "down": "upgrade"}
BLANK_LINE = re.compile(r"\n[ \t]*\n")
LEGACY_NAME = re.compile(r"([a-f0-9]+)\.py$")  # Alembic's rule for a file that states no id


class Computed(Exception):
    """A value is not written out as text, and is not guessed."""


def read_revision(path: Path, data: bytes) -> Revision:
    """Return the revision that the bytes of a file state; never raises.

    What cannot be read is marked in `problems`: the file is then broken and carries an id taken
    from its name. Only text, None and collections of text count as stated, also through a name that
    the same module gives to such a value; anything computed is marked and not guessed.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        tree = parse(data, str(path))
    except SyntaxError as error:
        line, reason = error.lineno, error.msg
        at = f" (line {line})" if line else ""
        problem = Problem(SYNTAX_ERROR, f"It is not valid Python: {reason}{at}.", str(path), line)
        return Revision(
            _id_from_name(path), (), path, sha256, "", problems=(problem,), is_broken=True
        )
    splits = _splits(tree) if BLOCK.encode() in data else ()
    return _from_tree(path, sha256, tree, splits)


def _from_tree(
    path: Path, sha256: str, tree: ast.Module, splits: tuple[Direction, ...]
) -> Revision:
    """Gather what the module states into a Revision."""
    problems: list[Problem] = []
    stated: dict[str, tuple[str, ...]] = {}
    values = _assignments(tree)
    for name in NAMES:
        try:
            stated[name] = _strings(values, name)
        except Computed:
            line = getattr(values[name], "lineno", None)
            code = f"computed-{name.replace('_', '-')}"
            problems.append(Problem(code, f"Its `{name}` is computed.", str(path), line))
    identifier = stated.get("revision", ())
    if len(identifier) != 1 and "revision" in stated:
        legacy = LEGACY_NAME.match(path.name)
        if "revision" in values or legacy is None:
            problems.append(Problem("no-revision-id", "It states no `revision`.", str(path)))
        identifier = (legacy.group(1),) if legacy and "revision" not in values else ()
    if identifier and ILLEGAL & set(identifier[0]):
        signs = " ".join(sorted(ILLEGAL & set(identifier[0])))
        message = f"Its id '{identifier[0]}' contains {signs}, which Alembic refuses."
        problems.append(Problem("illegal-revision-id", message, str(path)))
    if identifier == (BASE,):
        message = (
            f"Its id is '{BASE}', by which Alembic means the beginning of every history. Give it "
            "another one."
        )
        problems.append(Problem("illegal-revision-id", message, str(path)))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    doc = ast.get_docstring(tree, clean=False) or ""
    return Revision(
        id=identifier[0] if identifier else _id_from_name(path),
        parents=stated.get("down_revision", ()),
        path=path,
        sha256=sha256,
        message=" ".join(BLANK_LINE.split(doc.strip(), maxsplit=1)[0].split()),
        depends_on=stated.get("depends_on", ()),
        labels=stated.get("branch_labels", ()),
        created_at=_created(doc),
        is_downgrade_empty=_is_downgrade_empty(functions),
        splits=splits,
        problems=tuple(problems),
        is_broken=any(problem.code != "computed-branch-labels" for problem in problems),
    )


def _id_from_name(path: Path) -> str:
    """The id that the file's name suggests: what stands before the first underscore."""
    return path.stem.split("_")[0] or path.stem


def _assignments(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Map each name to the value that the module's top level gives it last; None for a name that is
    also set where running the module would decide (a condition, a loop, an import, unpacking)."""
    values: dict[str, ast.expr | None] = {}
    for node in tree.body:
        if type(node) in PASSED_OVER:  # quicker than isinstance, in histories of thousands of files
            continue
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    values[target.id] = node.value
                else:
                    values.update(_bind(target, node.value))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            values[node.target.id] = node.value
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                values[alias.asname or alias.name] = None
        else:
            values.update(dict.fromkeys(_names_bound(node)))
    return values


def _bind(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that an assignment binds, each with its value."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        items = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        if len(items) == len(target.elts):
            for name, item in zip(target.elts, items, strict=True):
                yield from _bind(name, item)
        else:
            yield from dict.fromkeys(_names_bound(target)).items()


def _names_bound(node: ast.AST) -> Iterator[str]:
    """Yield every name that is set somewhere inside a node."""
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, (ast.Store, ast.Del)):
            yield child.id
        elif isinstance(child, ast.alias):
            yield child.asname or child.name.split(".")[0]


def _strings(values: dict[str, ast.expr | None], name: str) -> tuple[str, ...]:
    """Return the texts that a name holds; empty for None and for a name that is not set."""
    if name not in values:
        return ()
    return _evaluate(values[name], values, 0)


def _evaluate(
    node: ast.expr | None, values: dict[str, ast.expr | None], depth: int
) -> tuple[str, ...]:
    """Evaluate text, None, a collection of text, or a name for one; raises Computed."""
    if isinstance(node, ast.Constant):
        if node.value is None:
            return ()
        if isinstance(node.value, str):
            return (node.value,) if node.value else ()
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return tuple(text for item in node.elts for text in _evaluate(item, values, depth))
    elif isinstance(node, ast.Name) and node.id in values and depth < 10:
        return _evaluate(values[node.id], values, depth + 1)
    raise Computed


def _created(doc: str) -> datetime | None:
    """Return the time in the docstring's "Create Date:" line."""
    found = CREATED.search(doc)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found.group(1))
    except ValueError:
        return None


def _splits(tree: ast.Module) -> tuple[Direction, ...]:
    """Return the directions in which a file opens an `autocommit_block()`: that of the function in
    which it stands, both for whatever else the module defines."""
    names = [
        getattr(node, "name", "")
        for node in tree.body
        if any(_is_block(inner) for inner in ast.walk(node))
    ]
    return tuple(
        direction
        for direction, other in OTHERS.items()
        if any(not name.startswith(other) for name in names)
    )


def _is_block(node: ast.AST) -> bool:
    """Whether a node names Alembic's `autocommit_block`, also as text for getattr."""
    said = [getattr(node, name, None) for name in ("attr", "id", "value")]
    return BLOCK in [name for name in said if isinstance(name, str)]


def _is_downgrade_empty(functions: Mapping[str, ast.FunctionDef]) -> bool:
    """Tell whether undoing does nothing. In the layout for several databases `downgrade` only calls
    one `downgrade_<name>` for each, and it is their emptiness that counts."""
    if "downgrade" not in functions:
        return False
    apart = [node for name, node in functions.items() if name.startswith("downgrade_")]
    if apart and "globals()" in ast.unparse(functions["downgrade"]):
        return all(_is_empty(node) for node in apart)
    return _is_empty(functions["downgrade"])


def _is_empty(function: ast.FunctionDef) -> bool:
    """Tell whether a function does nothing at all: docstrings, `pass`, `...`, `return`."""
    return all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (
            isinstance(node, ast.Return)
            and (node.value is None or isinstance(node.value, ast.Constant))
        )
        for node in function.body
    )
