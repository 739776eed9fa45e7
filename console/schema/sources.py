"""sources: loads local modules from their source, and only as the digest of the plan has them.

They run from where they lie, and not from the snapshot: an application finds its own files by them.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from console.schema.digest import Finder, display_name
from console.schema.errors import PlanChanged
from console.schema.guard import Guard
from console.schema.job import Job
from console.schema.target import Target


class Sources:
    """Finds modules as Python does, and lets no local one in that is another than the plan's."""

    def __init__(self, job: Job, guard: Guard) -> None:
        self.target, self.guard = job.target, guard
        self.finder = Finder(job.target)
        self.copy = copy_root(job.target)
        self.known: dict[str, set[str]] = {}
        for ingredient in job.ingredients:
            self.known.setdefault(ingredient.name, set()).add(ingredient.sha256)

    def install(self) -> None:
        """Come before what finds modules on sys.path, and after what finds Python's own."""
        finders: list[Any] = sys.meta_path
        finders.insert(finders.index(PathFinder), self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module is, as Python finds it; a digested one with a loader that compares."""
        places = list(self._places()) if path is None else path
        spec = PathFinder.find_spec(name, places, target)
        if spec is None or not spec.origin or not spec.has_location:
            return spec
        file = Path(spec.origin)
        if self.finder.is_local(file) and (digests := self._digests(name, file)):
            spec.loader, spec.cached = Loader(name, file, digests, self), None
        return spec

    def _places(self) -> Iterator[str]:
        """Yield the entries of sys.path; after one in the snapshot, where it would lead from the folder
        that this is a copy of, since env.py makes some from its own place."""
        for entry in sys.path:
            yield entry
            if self.copy and entry.startswith(self.copy):
                yield "/" + os.path.relpath(entry, self.copy)

    def changed(self, file: Path) -> PlanChanged:
        """The error for a file that is another, which the guard keeps: migration code may catch it."""
        self.guard.changes = (f"{display_name(self.target, file)} changed",)
        return PlanChanged(self.guard.changes)

    def _digests(self, name: str, file: Path) -> set[str]:
        """The digests that a module may have: those of its file, and of the files that this one would
        take the place of. Empty where it is none of the plan's."""
        files = {file, *candidates(self.finder.roots, name)}
        return {digest for one in files for digest in self._known(one)}

    def _known(self, file: Path) -> Iterable[str]:
        return self.known.get(display_name(self.target, file), ())


def copy_root(target: Target) -> str:
    """The folder below which a snapshot holds what it has copied; "" where the target is none."""
    if target.origin is None:
        return ""
    return str(target.script_location.parents[len(target.origin.parts) - 2])


def candidates(roots: Iterable[Path], name: str) -> Iterable[Path]:
    """Yield the files that a dotted name may stand for."""
    for root in roots:
        place = root.joinpath(*name.split("."))
        yield place / "__init__.py"
        yield place.with_name(f"{place.name}.py")


class Loader(SourceFileLoader):
    """Loads a module from its source, never from bytecode, if it is one of `digests`."""

    def __init__(self, name: str, file: Path, digests: set[str], sources: Sources) -> None:
        super().__init__(name, str(file))
        self.digests, self.sources = digests, sources

    def get_code(self, fullname: str) -> CodeType:
        data = self.get_data(self.path)
        if hashlib.sha256(data).hexdigest() not in self.digests:
            raise self.sources.changed(Path(self.path))
        return self.source_to_code(data, self.path)
