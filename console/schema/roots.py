"""roots: the folders that an env.py puts on `sys.path`, read from its syntax tree without running it."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from console.schema.parsing import parse
from console.schema.target import Target

DEPTH = 30  # of an expression, and of names that stand for others
SAME = frozenset({"str", "fspath", "as_posix", "absolute"})
NORMAL = frozenset({"abspath", "realpath", "normpath", "resolve"})
HERE = frozenset({"getcwd", "cwd"})


@dataclass(frozen=True)
class Roots:
    """The folders, in order, and the lines that add what is only known when they run."""

    folders: tuple[Path, ...] = ()
    computed: tuple[int, ...] = ()


def with_roots(target: Target) -> Target:
    """The target with the folders of its env.py among those that modules are looked for in."""
    known = (*target.paths, *target.last_paths)
    more = tuple(folder for folder in roots_of(target).folders if folder not in known)
    return replace(target, last_paths=(*target.last_paths, *more))


def roots_of(target: Target) -> Roots:
    """Return what the target's env.py adds to `sys.path`, as seen from where it lies: a snapshot is
    a copy. Nothing where it cannot be read."""
    try:
        tree = parse((target.script_location / "env.py").read_bytes())
    except (OSError, SyntaxError):
        return Roots()
    reader = _Reader(target, tree)
    found = [(reader.folder(node), node.lineno) for node in _added(tree)]
    folders = [folder for folder, _ in found if folder]
    computed = {line for folder, line in found if not folder}
    return Roots(tuple(dict.fromkeys(folders)), tuple(sorted(computed)))


def _added(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the expressions that become entries of sys.path, in the order of the file."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="append", value=to), args=[entry]):
                yield from [entry] if _is_path(to) else []
            case ast.Call(func=ast.Attribute(attr="insert", value=to), args=[_, entry]):
                yield from [entry] if _is_path(to) else []
            case ast.Call(func=ast.Attribute(attr="extend", value=to), args=[several]):
                yield from _entries(several) if _is_path(to) else []
            case ast.AugAssign(target=to, value=several) | ast.Assign(targets=[to], value=several):
                yield from _entries(several) if _is_path(to) else []


def _is_path(node: ast.expr) -> bool:
    """Whether this is sys.path, or a part of it."""
    return ast.unparse(node.value if isinstance(node, ast.Subscript) else node) == "sys.path"


def _entries(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the entries of what is added as a list, without those that are there already."""
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (*_entries(left), *_entries(right))
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            yield from (entry for entry in entries if not isinstance(entry, ast.Starred))
        case _ if not _is_path(node):
            yield node


class _Reader:
    """Reads expressions for paths, as far as they are written out."""

    def __init__(self, target: Target, tree: ast.Module) -> None:
        self.file = str((target.origin or target.script_location).absolute() / "env.py")
        self.directory = str(target.directory) if target.directory else None
        self.names: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.names[name] = value

    def folder(self, node: ast.expr) -> Path | None:
        """The folder that an expression names, if it can be told."""
        text = self.text(node)
        place = self._placed(text) if text is not None else ""
        return Path(os.path.normpath(place)) if Path(place).is_absolute() else None

    def text(self, node: ast.expr, depth: int = DEPTH) -> str | None:
        """The path that an expression stands for, from the directory of the run; None where that cannot be told."""
        if not depth:
            return None
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id="__file__"):
                return self.file
            case ast.Name(id=name) if name in self.names:
                return self.text(self.names[name], depth - 1)
            case ast.Attribute(attr="pardir"):
                return os.pardir
            case ast.Attribute(attr="parent", value=inner):
                return self._up(inner, 1, depth)
            case ast.Subscript(
                value=ast.Attribute(attr="parents", value=inner), slice=ast.Constant(value=int(n))
            ):
                return self._up(inner, n + 1, depth)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joined([left, right], depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([left, right], depth, "")
            case ast.JoinedStr(values=parts):
                return self._joined(parts, depth, "")
            case ast.FormattedValue(value=inner):
                return self.text(inner, depth - 1)
            case ast.Call(func=function, args=given):
                return self._called(function, given, depth)
        return None

    def _called(self, function: ast.expr, given: Sequence[ast.expr], depth: int) -> str | None:
        match function:
            case ast.Name(id=name):
                receiver = []
            case ast.Attribute(attr=name, value=inner):
                receiver = [inner]
            case _:
                return None
        if name in HERE:
            return self.directory
        if name in SAME | NORMAL:
            of = given[0] if given else receiver[0] if receiver else None
            text = self.text(of, depth - 1) if of is not None else None
            return os.path.normpath(self._placed(text)) if text and name in NORMAL else text
        if name == "dirname" and given:
            return self._up(given[0], 1, depth)
        if name in ("join", "Path", "PurePath"):
            return self._joined(given, depth)
        return self._joined([*receiver, *given], depth) if name == "joinpath" else None

    def _placed(self, text: str) -> str:
        return str(Path(self.directory or "", text))

    def _up(self, node: ast.expr, times: int, depth: int) -> str | None:
        text = self.text(node, depth - 1)
        return str(reduce(lambda path, _: path.parent, range(times), Path(text))) if text else None

    def _joined(self, nodes: Sequence[ast.expr], depth: int, by: str = os.sep) -> str | None:
        texts = [self.text(node, depth - 1) for node in nodes]
        known = [text for text in texts if text is not None]
        if not known or len(known) < len(texts):
            return None
        return str(Path(*known)) if by else "".join(known)
