"""folding: a function as it would run on one database, as far as that is known without running it.

Names of what is written out once (texts, tables, statements, the connection) are replaced by it,
branches for other databases are left out, loops over what is written out are unrolled, and calls of
the file's own functions stand for their bodies.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile

from console.hazards.binding import altered, assigned, bound, parameters, rebound
from console.hazards.core import as_table, is_statement, mapped
from console.hazards.names import dotted
from console.hazards.written import (
    Known,
    Putter,
    holds,
    is_connection,
    is_dialect,
    is_written_out,
    text_of,
)

MOST_TURNS = 200  # of a loop; a longer one is read once, as it stands
MOST_STATEMENTS = 5_000  # of a function with all that it calls
DEEPEST = 4  # calls of functions within functions
ENDS = (ast.Return, ast.Raise)


def fold(
    tree: ast.Module, function: str, dialect: str, engine: str | None = None
) -> list[ast.stmt]:
    """Return the statements of a function of a module, as they come on a database of SQLAlchemy's
    name `dialect`; empty where there is no such function. The tree is left as it is.

    `engine` is the name that the function is called with in Flask-Migrate's layout for several
    databases; None where it is called with none."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if function not in functions:
        return []
    folder = _Folder(functions, dialect, frozenset(rebound(tree)), altered(tree, functions))
    rest = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    known = folder.names(rest, {})
    given: dict[str, ast.expr] = {}
    if engine is not None:
        given = {argument.arg: ast.Constant(engine) for argument in functions[function].args.args}
    return folder.call(functions[function], known, given)[0]


class _Folder:
    """Folds the functions of one module."""

    def __init__(
        self,
        functions: Mapping[str, ast.FunctionDef],
        dialect: str,
        rebound: Collection[str],
        altered: Collection[str],
    ) -> None:
        self.functions, self.dialect = functions, dialect
        self.rebound, self.altered = rebound, altered
        self.depth, self.left = 0, MOST_STATEMENTS
        self.module: Known = {}

    def names(
        self, body: Sequence[ast.stmt], before: Known, own: Collection[str] = ()
    ) -> dict[str, ast.expr]:
        """What the names that are given one value in these statements stand for; `own` are given one
        by a call."""
        times = Counter(bound(body))
        found = {name: node for name, node in before.items() if not times[name]}
        for node in (inner for statement in body for inner in _own(statement)):
            if isinstance(node, ast.ClassDef) and (table := mapped(node)) is not None:
                found[node.name] = table
            target, value = assigned(node)
            if target is None or value is None or times[target] != 1 or target in own:
                continue
            put = Putter(found, self.dialect).visit(copy.deepcopy(value))
            table = as_table(put)
            if table is not None and target not in self.rebound:
                found[target] = ast.copy_location(table, value)
            elif self._is_known(target, put):
                found[target] = put
        return found

    def _is_known(self, name: str, value: ast.expr) -> bool:
        """Whether a name stands for a value, and for no other by the time that it is used."""
        if isinstance(value, (ast.List, ast.Set)) and name in self.altered:
            return False
        is_kept = is_written_out(value) or is_dialect(value) or is_connection(value)
        return name not in self.rebound and (is_kept or is_statement(value))

    def call(
        self, function: ast.FunctionDef, module: Known, given: Known
    ) -> tuple[list[ast.stmt], bool]:
        """The statements of a function that is called with these arguments."""
        self.module = module
        own = parameters(function)
        outer = {name: node for name, node in module.items() if name not in own}
        return self.fold(function.body, self.names(function.body, {**outer, **given}, own))

    def fold(self, body: Sequence[ast.stmt], known: Known) -> tuple[list[ast.stmt], bool]:
        """The statements that are left, and whether they end the function."""
        found: list[ast.stmt] = []
        for number, statement in enumerate(body):
            self.left -= 1
            if self.left < 0:  # the rest is read as it stands
                return [*found, *body[number:]], False
            part, ends = self._folded(statement, known)
            found += part
            if ends:
                return found, True
        return found, False

    def _folded(self, statement: ast.stmt, known: Known) -> tuple[list[ast.stmt], bool]:
        put = Putter(known, self.dialect)
        if isinstance(statement, ast.If):
            test = holds(put.visit(copy.deepcopy(statement.test)))
            if test is not None:
                return self.fold(statement.body if test else statement.orelse, known)
        if isinstance(statement, ast.For) and (turns := _turns(statement, put)) is not None:
            own = set(bound(statement.body))
            puts = (
                {**known, **{n: v for n, v in given.items() if n not in own}} for given in turns
            )
            found = [node for put_in in puts for node in self.fold(statement.body, put_in)[0]]
            return found + self.fold(statement.orelse, known)[0], False
        if isinstance(statement, ast.Expr) and (inner := self._called(statement.value, put)):
            return inner, False
        return [self._inside(statement, known, put)], isinstance(statement, ENDS)

    def _inside(self, statement: ast.stmt, known: Known, put: Putter) -> ast.stmt:
        """A statement whose own blocks are folded."""
        shell = copy.copy(statement)
        for name, value in ast.iter_fields(statement):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(shell, name, self.fold(value, known)[0] or [_nothing(statement)])
            elif isinstance(value, list) and value and isinstance(value[0], ast.ExceptHandler):
                setattr(shell, name, [self._handler(handler, known) for handler in value])
            elif isinstance(value, list):
                visited = [put.visit(copy.deepcopy(v)) if _is_node(v) else v for v in value]
                setattr(shell, name, visited)
            elif isinstance(value, ast.AST):
                setattr(shell, name, put.visit(copy.deepcopy(value)))
        return shell

    def _handler(self, handler: ast.ExceptHandler, known: Known) -> ast.ExceptHandler:
        shell = copy.copy(handler)
        shell.body = self.fold(handler.body, known)[0] or [_nothing(handler)]
        return shell

    def _called(self, node: ast.expr, put: Putter) -> list[ast.stmt] | None:
        """The body of a function of the file where a statement is a call of it."""
        name = _function(node, put) if isinstance(node, ast.Call) else None
        if name is None or not isinstance(node, ast.Call):
            return None
        function = self.functions.get(name)
        if function is None or self.depth >= DEEPEST:
            return None
        put_in = _arguments(node, function, put)
        given = {name: value for name, value in put_in.items() if self._is_known(name, value)}
        self.depth += 1
        try:
            return self.call(function, self.module, given)[0]
        finally:
            self.depth -= 1


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a statement holds, without what stands in classes: their names are others."""
    yield statement
    for node in ast.iter_child_nodes(statement) if not isinstance(statement, ast.ClassDef) else ():
        yield from _own(node)  # type: ignore[arg-type]  # whatever node it is


def _function(call: ast.Call, put: Putter) -> str | None:
    """The name that a function is called by: f(), or globals()["f"](); None for anything else."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    if not isinstance(call.func, ast.Subscript) or not isinstance(call.func.value, ast.Call):
        return None
    is_global = dotted(call.func.value.func) == "globals"
    return text_of(put.visit(copy.deepcopy(call.func.slice))) if is_global else None


def _turns(loop: ast.For, put: Putter) -> list[dict[str, ast.expr]] | None:
    """What the names of a loop stand for, turn by turn; None where that is not written out."""
    items = put.visit(copy.deepcopy(loop.iter))
    if not isinstance(items, (ast.List, ast.Tuple, ast.Set)) or len(items.elts) > MOST_TURNS:
        return None
    found = []
    for item in items.elts:
        targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
        is_many = isinstance(loop.target, ast.Tuple) and isinstance(item, (ast.Tuple, ast.List))
        values = item.elts if is_many and isinstance(item, (ast.Tuple, ast.List)) else [item]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if not (len(names) == len(targets) == len(values)):
            return None
        found.append({n: v for n, v in zip(names, values, strict=True) if is_written_out(v)})
    return found


def _arguments(call: ast.Call, function: ast.FunctionDef, put: Putter) -> dict[str, ast.expr]:
    """What the parameters of a function are given in a call, as far as that is seen."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    defaults = function.args.defaults
    is_open = any(isinstance(a, ast.Starred) for a in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )
    given: dict[str, ast.expr] = {}
    if not is_open:  # else nobody sees whether a default is taken
        given = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    plain = takewhile(lambda value: not isinstance(value, ast.Starred), call.args)
    given |= dict(zip(names, plain, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return {name: put.visit(copy.deepcopy(value)) for name, value in given.items()}


def _nothing(node: ast.stmt | ast.ExceptHandler) -> ast.stmt:
    return ast.copy_location(ast.Pass(), node)


def _is_node(value: object) -> bool:
    return isinstance(value, ast.AST)
