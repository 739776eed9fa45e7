"""project: what somebody else's Alembic project says of itself, in alembic.ini and pyproject.toml."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from configparser import Error as IniError
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.config import Config

TOML = "pyproject.toml"
SEPARATORS = {"os": os.pathsep, "space": " ", "newline": "\n", ":": ":", ";": ";"}


@dataclass(frozen=True)
class Project:
    """Its two files, each of which may be missing: as for Alembic itself, what the section of alembic.ini
    says comes first, and then the table `tool.alembic` of pyproject.toml.

    Everything is read when it is asked for. ValueError, in a few words, for a file that cannot be
    read.
    """

    ini: Path | None = None
    toml: Path | None = None
    section: str = "alembic"

    def text(self, name: str) -> str:
        """An option as text; "" where there is none."""
        if (said := self._of_ini(name)) is not None:
            return said
        value = self.table.get(name)
        return self._filled(value) if isinstance(value, str) else ""

    def is_set(self, name: str) -> bool:
        """Whether an option is switched on, as Alembic understands it: by `true` and nothing else."""
        said = self._of_ini(name)
        return said == "true" if said is not None else self.table.get(name) is True

    def import_paths(self) -> list[str]:
        """What it puts in front of `sys.path`."""
        return self._places("prepend_sys_path", ("path_separator",), r", *|(?: +)|\:")

    def version_locations(self) -> list[str]:
        """Its folders of revision files, if it names any."""
        separators = ("path_separator", "version_path_separator")
        return self._places("version_locations", separators, r", *|(?: +)")

    @cached_property
    def table(self) -> Mapping[str, Any]:
        """What pyproject.toml says."""
        if self.toml is None:
            return {}
        data = tomllib.loads(self.toml.read_text(encoding="utf-8"))
        table = data.get("tool", {}).get("alembic", {})
        return table if isinstance(table, dict) else {}

    @cached_property
    def _config(self) -> Config | None:
        if self.ini is None:
            return None
        config = Config(str(self.ini), ini_section=self.section)
        try:
            _ = config.file_config
        except (IniError, UnicodeDecodeError) as error:
            raise ValueError(" ".join(str(error).split())) from error
        return config

    def _of_ini(self, name: str) -> str | None:
        if self._config is None or not self._config.file_config.has_section(self.section):
            return None
        try:
            return self._config.file_config.get(self.section, name, fallback=None)
        except IniError as error:
            raise ValueError(" ".join(str(error).split())) from error

    def _places(self, name: str, separators: tuple[str, ...], legacy: str) -> list[str]:
        said = self._of_ini(name)
        if said:
            named = next((found for x in separators if (found := self._of_ini(x))), None)
            sign = SEPARATORS.get(named or "")
            parts = said.split(sign) if sign else re.split(legacy, said)
        else:
            value = self.table.get(name, [])
            parts = [self._filled(x) for x in value if isinstance(x, str)]
        return [part.strip() for part in parts if part.strip()]

    def _filled(self, text: str) -> str:
        """A text of pyproject.toml with what stands for its own folder."""
        assert self.toml is not None
        return text.replace("%(here)s", self.toml.parent.as_posix()).replace("%%", "%")


def toml_beside(*folders: Path) -> Path | None:
    """The first pyproject.toml in these folders that is there for Alembic, too."""
    for folder in folders:
        file = folder / TOML
        try:
            if file.is_file() and Project(toml=file).table:
                return file
        except (ValueError, OSError):
            continue
    return None
