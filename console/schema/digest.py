"""digest: everything that decides what a plan does, each with its SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from console.schema.imports import loads_of
from console.schema.roots import roots_of, with_roots
from console.schema.target import Target

MODULES = 500  # local modules followed at most: an application may hang together as a whole
EDITORS = (".#*", ".*.sw?", "*~", ".DS_Store", ".git*")
# What lies in a script folder and decides nothing: templates, bytecode, databases, an editor's files.
IRRELEVANT = ("*.mako", "*.pyc", "*.db", "*.sqlite", "*.sqlite3", "README*", *EDITORS)
# In options that are named as URLs, and nowhere else.
PASSWORDS = tuple(
    re.compile(rb"(?mi)^([^\s=:\[#;][^=:\n]*url[ \t]*[=:][^\n]*?" + found)
    for found in (rb"://[^:/\s]*):[^@\s]*(?=@)", rb"[?&]password=)[^&\s]*")
)
FOREIGN = ("site-packages", "dist-packages", "node_modules", "__pycache__")


@dataclass(frozen=True)
class Ingredient:
    """One thing that the digest covers: what it is for a person ("migrations/env.py"), and its digest."""

    name: str
    sha256: str


def combine(ingredients: Sequence[Ingredient]) -> str:
    """Return the digest of a plan: the SHA-256 over the names and digests of its ingredients, in
    whatever order they were found: a file may be imported from the folder and from its copy."""
    return digest_of(sorted({(ingredient.name, ingredient.sha256) for ingredient in ingredients}))


def digest_of(value: object) -> str:
    """Return the SHA-256 of plain data, as its canonical JSON."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def file_ingredients(target: Target, paths: Sequence[Path]) -> tuple[Ingredient, ...]:
    """Return the ingredients of the files on a plan's path, of env.py, of every local module that
    these import, directly or not, of what else lies beside them, and of alembic.ini wherever it lies;
    the bytes are read anew.

    Local is what lies in the script folder or in `target.paths`, never an installed package. The
    modules are found in a fixed order, breadth first, 500 at most. Raises OSError for a file that
    is gone.
    """
    target = with_roots(target)
    roots = _roots(target, paths)
    known = (*roots, *local_modules(target, roots), *companions(target))
    files = dict.fromkeys(path.absolute() for path in known)
    ini = target.ini.absolute() if target.ini else None
    name_of = naming(target)
    found = [
        Ingredient(name_of(path), (ini_digest if path == ini else file_digest)(path))
        for path in files
    ]
    if ini is not None and ini not in files:
        # by its own name: where it lies in a snapshot is nobody's concern
        found.append(Ingredient(ini.name, ini_digest(ini)))
    if target.toml is not None:
        # the rest of it is for other tools, and changes with every dependency
        found.append(Ingredient(f"[tool.alembic] of {target.toml.name}", toml_digest(target.toml)))
    if target.x:
        found.append(Ingredient("the arguments -x", digest_of(target.x)))
    # Once, where a file is found in the folder and in its copy; twice, where the two differ.
    return tuple(dict.fromkeys(found))


def computed_loads(target: Target, paths: Sequence[Path]) -> tuple[tuple[Path, int], ...]:
    """Return where those of these files that are Python load what is only known when they run, and
    what the digest therefore does not cover: file and line. Also those of env.py that put a folder on
    sys.path which cannot be told."""
    searched = [(target.script_location / "env.py", line) for line in roots_of(target).computed]
    target = with_roots(target)
    roots = _roots(target, paths)
    files = dict.fromkeys(path.absolute() for path in (*roots, *local_modules(target, roots)))
    loaded = [(path, line) for path in files for line in loads_of(path).computed]
    return (*searched, *loaded)


def _roots(target: Target, paths: Sequence[Path]) -> list[Path]:
    """The files from which others are found."""
    environment = target.script_location / "env.py"
    return [*paths, *([environment] if environment.is_file() else [])]


def companions(target: Target) -> tuple[Path, ...]:
    """Return the files of the script folder that a migration may read or load by itself: SQL, data,
    settings, helpers. Revision files are not among them, they are on a plan's path or not."""
    found: set[Path] = set()
    versions = [location.absolute() for location in target.version_locations]
    for root in {target.script_location.absolute(), *versions}:
        for here, names in walk(root):
            if leads_back(root, here):
                continue
            holds_revisions = any(here.is_relative_to(location) for location in versions)
            found.update(
                here / name
                for name in names
                if not (holds_revisions and name.endswith(".py"))
                and not any(fnmatch(name, pattern) for pattern in IRRELEVANT)
            )
    return tuple(sorted(path for path in found if path.is_file()))


def walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield every folder that may matter, with the names of its files. Links are followed, but for
    what lies in a folder to which a link leads back."""
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        inside = [n for n in folders if n not in FOREIGN and not n.startswith(".")]
        folders[:] = [] if leads_back(root, here) else inside
        yield here, names


def leads_back(root: Path, folder: Path) -> bool:
    """Whether a folder below `root` is, by a link, one of those that it lies in."""
    place = folder.resolve()
    around = (parent for parent in folder.parents if parent.is_relative_to(root))
    return any(parent.resolve() == place for parent in around)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as they are now; raises OSError if it is gone."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ini_digest(path: Path) -> str:
    """Return the digest of an alembic.ini without the passwords in its URLs, which change by
    themselves and decide nothing; raises OSError if it is gone."""
    text = path.read_bytes()
    for secret in PASSWORDS:
        text = secret.sub(rb"\1", text)
    return hashlib.sha256(text).hexdigest()


def toml_digest(path: Path) -> str:
    """Return the digest of what a pyproject.toml says to Alembic, or of all of it where that cannot be
    told; raises OSError if it is gone."""
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
        return digest_of(tool.get("alembic"))
    except (ValueError, TypeError, AttributeError):
        return file_digest(path)


def display_name(target: Target, path: Path) -> str:
    """Name a file for a person, the same wherever a copy of the script folder lies: relative to the
    script folder's parent, else to the version folder's parent, else to one of the target's paths."""
    return naming(target)(path)


def naming(target: Target) -> Callable[[Path], str]:
    """Return `display_name` for many files of one target."""
    script = target.script_location.absolute()
    named = [(folder, script.name) for folder in (script, target.origin or script)]
    named += [(location.absolute(), location.name) for location in target.version_locations]
    named += [(root.absolute(), "") for root in (*target.paths, *target.last_paths)]
    # As text: a path is taken apart anew whenever it is compared.
    starts = [(os.path.join(folder, ""), os.path.join(name, "")) for folder, name in named]  # noqa: PTH118 - no path ends with a slash

    def name_of(path: Path) -> str:
        file = str(path.absolute())
        found = (
            name + file.removeprefix(start) for start, name in starts if file.startswith(start)
        )
        return next(found, file)

    return name_of


def local_modules(target: Target, starts: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files of the local modules that `starts` import, and that those import in turn."""
    finder = Finder(target)
    seen = {path.absolute() for path in starts}
    level = sorted(seen)
    found: list[Path] = []
    while level and len(found) < MODULES:
        names = sorted({module for path in level for module in finder.imports(path)})
        level = []
        for module in names:
            if module not in seen and len(found) < MODULES:
                seen.add(module)
                found.append(module)
                level.append(module)
    return tuple(found)


class Finder:
    """Finds the local files behind the imports of a module, by looking and not by importing."""

    def __init__(self, target: Target) -> None:
        self.script = target.script_location.absolute()
        self.roots = [path.absolute() for path in (*target.paths, *target.last_paths)]
        self.known: dict[tuple[Path | None, str], tuple[Path, ...]] = {}

    def imports(self, path: Path) -> Iterator[Path]:
        """Yield the local files that running the file at `path` would load."""
        for level, name in loads_of(path).names:
            folder: Path | None = None
            for _ in range(level):
                folder = path.parent if folder is None else folder.parent
            yield from self._resolve(folder, name)

    def _resolve(self, folder: Path | None, name: str) -> tuple[Path, ...]:
        """Return the file of a dotted name and the `__init__.py` of the packages around it, from
        the first root that has it; `folder` is the one that a relative import starts from."""
        known = self.known.get((folder, name))
        if known is None:
            roots = [*self.roots, self.script, self.script.parent] if folder is None else [folder]
            parts = [part for part in name.split(".") if part]
            found = (tuple(self._in_root(root, parts)) for root in roots)
            known = self.known[folder, name] = next((files for files in found if files), ())
        return known

    def _in_root(self, root: Path, parts: list[str]) -> Iterator[Path]:
        """Yield the files that a dotted name stands for below one root."""
        folder = root
        for part in parts:
            package, module = folder / part, folder / f"{part}.py"
            candidates = [package / "__init__.py", module]
            file = next((c for c in candidates if c.is_file()), None)
            if file is not None and self.is_local(file):
                yield file
            if file == module or not package.is_dir():
                return
            folder = package

    def is_local(self, path: Path) -> bool:
        """Whether a file is the project's own: below the script folder or one of the paths, and
        not in an installed package."""
        inside = any(path.is_relative_to(root) for root in [self.script, *self.roots])
        return inside and not any(part in FOREIGN for part in path.parts)
