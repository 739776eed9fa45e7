"""What the documents say is so: every command, option, setting, role and make target, and vice versa."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from console.cli.main import COMMANDS
from console.config import SETTINGS
from console.hazards import judge
from console.hazards.registry import RULES, Rule
from console.services.permissions import ACTS, PERMISSIONS, ROLES, allows

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text()
ELSEWHERE = {"CONSOLE_SUPERUSER_PASSWORD", "CONSOLE_TEST_NO_SKIP"}


def sections(name: str) -> dict[str, str]:
    """The second-level sections of a document, by title."""
    parts = re.split(r"^## (.+)$", (ROOT / "docs" / name).read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    assert set(sections("commands.md")) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_is_described(name: str) -> None:
    if name == "db":
        return  # Flask-Migrate documents its own
    command: click.Command = getattr(import_module(COMMANDS[name]), name)
    for_all = (ROOT / "docs" / "commands.md").read_text().split("\n## ")[0]
    text = sections("commands.md")[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            for option in [*parameter.opts, *parameter.secondary_opts]:
                told = text if option != "--database" else for_all  # one word for all of them
                assert option in told, f"{option} of {name} is not described"


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"db", "test"}))
def test_every_option_described_exists(name: str) -> None:
    command: click.Command = getattr(import_module(COMMANDS[name]), name)
    known = {
        option
        for parameter in command.params
        for option in [*parameter.opts, *parameter.secondary_opts]
    }
    described = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", sections("commands.md")[name]))
    assert described <= known


def test_the_readme_lists_every_command() -> None:
    table = README.split("## Commands")[1].split("## ")[0]
    assert set(re.findall(r"^\| `([a-z]+)", table, flags=re.M)) == set(COMMANDS)


def test_every_setting_is_described_with_its_default() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    rows = {f"| `{setting.name}` | {setting.default} | {setting.doc} |" for setting in SETTINGS}
    assert rows == set(re.findall(r"^\| `.*\|$", text, flags=re.M))
    for setting in SETTINGS:
        assert f"| `{setting.name}` | {setting.default} |" in README


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_settings_that_exist(document: Path) -> None:
    known = {setting.name for setting in SETTINGS} | ELSEWHERE
    assert set(re.findall(r"\bCONSOLE_[A-Z_]+\b", document.read_text())) <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_make_targets_and_commands_that_exist(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    assert set(re.findall(r"(?:`|^    |[A-Z]=\S+ )make ([a-z]+)", text, flags=re.M)) <= targets
    assert set(re.findall(r"manage\.py ([a-z]+)", text)) - {"of"} <= set(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        assert link.startswith("http") or (document.parent / link).exists(), link


def test_anchors_lead_to_headings() -> None:
    for document in DOCUMENTS:
        for path, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", document.read_text()):
            other = (document.parent / path if path else document).read_text()
            headings = re.findall(r"^#+ (.+)$", other, flags=re.M)
            anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in anchors, f"{document.name}: {path}#{anchor}"


def test_the_table_of_roles_is_what_the_services_allow() -> None:
    text = (ROOT / "docs" / "roles.md").read_text()
    for permission in PERMISSIONS:
        cells = " | ".join("yes" if allows(role, permission) else "no" for role in ROLES)
        assert f"| {ACTS[permission]} | {cells} |" in text


DATABASE_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB and MySQL"}


def hazard_section(rule: Rule) -> str:
    """What the page says of a rule: its severity, the databases if not all, why, and the safe way."""
    names = [DATABASE_NAMES[name] for name in rule.databases if len(rule.databases) < 3]
    head = ", ".join([rule.severity.capitalize(), *names])
    return f"*{head}.* {rule.reason}\n\n*Instead:* {rule.instead}"


def test_every_hazard_has_its_section_and_every_section_its_hazard() -> None:
    assert judge.SUBJECTS  # importing them registers their rules
    written = {code: text.strip() for code, text in sections("hazards.md").items()}
    expected = {rule.code: hazard_section(rule) for rule in RULES.values()}
    assert written == expected
    assert list(written) == sorted(written)


def test_every_page_of_the_documentation_is_reached_from_the_readme() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in README
