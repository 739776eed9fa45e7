"""Rules about the revision files themselves, by their syntax trees."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from console.hazards.evidence import Evidence
from console.hazards.names import dotted
from console.hazards.reaching import asks, reaches
from console.hazards.registry import Finding, rule
from console.hazards.spelling import type_of
from console.schema.digest import computed_loads, display_name
from console.schema.imports import calls_that_load

NAMED = 3  # places that a finding names

SAFE_PACKAGES = frozenset(
    {"alembic", "sqlalchemy", "sqlmodel", "geoalchemy2", "pgvector", "flask_migrate"}
)
ENVIRONMENT = frozenset(
    {
        "os.environ", "os.getenv", "os.environ.get", "datetime.now", "datetime.utcnow",
        "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.today", "date.today",
        "datetime.date.today", "time.time", "uuid.uuid4", "uuid4", "random.random", "random.choice",
        "random.randint", "socket.gethostname", "open",
    }
)  # fmt: skip
ENVIRONMENT_MODULES = frozenset(
    {"requests", "httpx", "urllib.request", "socket", "random", "secrets", "subprocess"}
)
ENVIRONMENT_NAMES = frozenset({"current_app", "settings"})


@rule(
    "imports-live-models",
    "error",
    "The models will change, this file will not: replayed on a new database in a year, it runs with "
    "columns that its tables do not have yet.",
    instead="Describe the columns that the revision needs by a local sa.table.",
)
def imports_live_models(evidence: Evidence) -> Iterator[Finding]:
    """Imports of the application's own modules that look like its models."""
    for revision, tree in evidence.trees.items():
        for module, name in imports(tree):
            if not _is_live(evidence, module, name):
                continue
            shown = f"{module}.{name}" if name else module
            yield Finding(
                revision,
                shown,
                f"The file imports {shown} from the application.",
                _local_table(evidence, name or module.rsplit(".", 1)[-1]),
            )


def _local_table(evidence: Evidence, model: str) -> str:
    """The table of a model, as far as the database has one that is called like it."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model).lower()
    likely = (name, f"{name}s", f"{name}es", f"{name[:-1]}ies")
    table = next((t for t in evidence.tables if t.name.lower() in likely), None)
    columns = (
        [f'sa.column("{c.name}", {type_of(c.type)})' for c in table.columns] if table else ["…"]
    )
    return (
        f'{name} = sa.table("{table.name if table else "…"}", {", ".join(columns)})\n'
        f"op.execute({name}.update().where(…).values(…))"
    )


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(module, name) of every import in a file; the name is "" for `import module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module or "", alias.name) for alias in node.names)


def _is_live(evidence: Evidence, module: str, name: str) -> bool:
    """Whether an import reaches models: a module of the application's folders, outside the script
    folder, or one that is called models. Helpers beside the revisions are digested with them."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in SAFE_PACKAGES or not top:
        return False
    if "models" in module.split(".") or name == "models":
        return True
    if top == evidence.target.script_location.name:
        return False
    roots = (*evidence.target.paths, *evidence.target.last_paths)
    return any((root / top).is_dir() or (root / f"{top}.py").is_file() for root in roots)


@rule(
    "depends-on-environment",
    "warning",
    "What it does differs with the machine, the clock or the network: the rehearsal proves nothing "
    "for the place where it is applied.",
    instead="Write the value down in the revision, or let the database compute it.",
)
def depends_on_environment(evidence: Evidence) -> Iterator[Finding]:
    """Uses of the environment, the clock, chance, settings, files or the network."""
    for revision, tree in evidence.trees.items():
        found: dict[str, None] = {}
        for module, name in imports(tree):
            if module in ENVIRONMENT_MODULES:
                found[module] = None
            elif name in ENVIRONMENT_NAMES:
                found[f"{module}.{name}"] = None
        for node in ast.walk(tree):
            if isinstance(node, (ast.Attribute, ast.Name)) and dotted(node) in ENVIRONMENT:
                found[dotted(node)] = None
        for name in found:
            if not any(other != name and other.startswith(f"{name}.") for other in found):
                yield Finding(
                    revision,
                    name,
                    f"The file uses {name}.",
                    "# write the value down in the revision, or let the database compute it:\n"
                    'op.execute("UPDATE … SET … = CURRENT_TIMESTAMP WHERE …")',
                )


@rule(
    "offline-unsafe",
    "warning",
    "Alembic's SQL preview (`--sql`) has no database to ask: a revision that asks one fails there, or "
    "leaves out what it would have done. Its SQL can be seen on a clone only.",
    instead="Say it in SQL alone, or ask only where context.is_offline_mode() is false.",
)
def offline_unsafe(evidence: Evidence) -> Iterator[Finding]:
    """Files that read from the database."""
    for revision, tree in evidence.trees.items():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if any(dotted(call.func).endswith("is_offline_mode") for call in calls):
            continue
        for line in sorted(asks(tree))[:1]:
            yield Finding(
                revision,
                f"line {line}",
                f"Line {line} asks the database, which an SQL preview does not have.",
                "# let the database itself decide:\n"
                'op.execute("INSERT INTO … SELECT … FROM … WHERE NOT EXISTS (…)")',
            )


@rule(
    "swallowed-exception",
    "error",
    "A step that failed is passed over and the revision still stamped as done: from then on the "
    "database is not what its revision says.",
    instead="Ask the inspector what is there, and let errors pass.",
)
def swallowed_exception(evidence: Evidence) -> Iterator[Finding]:
    """`except` without a raise, and contextlib.suppress, around what may change the database."""
    for revision, tree in evidence.trees.items():
        for node in ast.walk(tree):
            line = _swallows(node)
            if line is not None and reaches(_tried(tree, line), tree):
                yield Finding(
                    revision,
                    f"line {line}",
                    f"An exception in line {line} is caught and not raised again.",
                    "# let errors pass; what may be there already can be asked for by if_not_exists=True\n"
                    + "\n".join(ast.unparse(statement) for statement in _tried(tree, line)),
                )


def _tried(tree: ast.Module, line: int) -> list[ast.stmt]:
    """What stands inside of the construct of that line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(h.lineno == line for h in node.handlers):
            return node.body
        if isinstance(node, ast.With) and node.lineno == line:
            return node.body
    return []


def _swallows(node: ast.AST) -> int | None:
    """The line of a construct that swallows exceptions."""
    if isinstance(node, ast.ExceptHandler):
        raises = any(isinstance(inner, ast.Raise) for part in node.body for inner in ast.walk(part))
        return None if raises else node.lineno
    if isinstance(node, ast.With):
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and dotted(call.func) in (
                "suppress",
                "contextlib.suppress",
            ):
                return node.lineno
    return None


@rule(
    "loads-what-is-not-digested",
    "warning",
    "Which file this loads is known only when it runs, so the digest of the plan does not cover it: "
    "it may change after the approval, and nobody is told.",
    instead="Import it by a name that is written out, which the digest follows.",
)
def loads_what_is_not_digested(evidence: Evidence) -> Iterator[Finding]:
    """Modules that are loaded by a computed name or a path: in revision files, and in one finding for
    env.py and all that is imported."""
    rewrite = "# name what is needed, so that the digest covers it:\nimport …"
    for revision, tree in evidence.trees.items():
        lines = [line for line, name in calls_that_load(tree) if not name]
        for line in lines[:1]:
            danger = f"Line {line} loads what the digest does not cover."
            yield Finding(revision, f"line {line}", danger, rewrite)
    known = [evidence.history.by_id[name].path.absolute() for name in evidence.trees]
    others = [
        f"{display_name(evidence.target, path)}, line {line}"
        for path, line in computed_loads(evidence.target, known)
        if path not in known
    ]
    if others:
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        where = f"{'; '.join(others[:NAMED])}{more}"
        danger = f"What these load is not covered by the digest: {where}."
        yield Finding("", others[0].partition(",")[0], danger, rewrite)
