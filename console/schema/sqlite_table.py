"""sqlite_table: what an SQLite CREATE TABLE statement declares beyond what the PRAGMAs report."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.schema.sqltext import Token, join, tokens
from console.schema.table import Part

COLUMN_CLAUSES = frozenset(
    [
        "CONSTRAINT",
        "PRIMARY",
        "NOT",
        "NULL",
        "UNIQUE",
        "CHECK",
        "DEFAULT",
        "COLLATE",
        "REFERENCES",
        "GENERATED",
        "AS",
    ]
)
TABLE_CLAUSES = frozenset(["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"])


@dataclass
class Stated:
    """What a statement declares: parts, notes by column in small letters, the primary key."""

    parts: list[Part] = field(default_factory=list)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    primary_key: tuple[str, ...] = ()


def read_create_table(sql: str) -> Stated:
    """Return what a CREATE TABLE statement declares, as `sqlite_master` keeps it.

    SQLite has already accepted the statement, so what is not recognised is passed over. A virtual
    table is one option, its whole statement.
    """
    stated = Stated()
    found = list(tokens(sql))
    if len(found) > 1 and found[1][1].upper() == "VIRTUAL":
        using = next((i for i, token in enumerate(found) if is_word(token, "USING")), 0)
        stated.parts.append(Part("option", "", join(found[using:])))
        return stated
    opening = next((i for i, token in enumerate(found) if token[1] == "("), None)
    if opening is None:
        return stated
    closing = _closing(found, opening)
    for item in _split(found[opening + 1 : closing]):
        Clauses(item, stated).read()
    for option in _split(found[closing + 1 :]):
        if option:
            stated.parts.append(Part("option", "", join(option).upper()))
    return stated


def is_word(token: Token, *words: str) -> bool:
    """Whether a token is one of these words, and not a quoted name."""
    return token[0] == "word" and token[1].upper() in words


def _closing(found: list[Token], opening: int) -> int:
    """The position of the parenthesis that closes the one at `opening`."""
    depth = 0
    for position in range(opening, len(found)):
        depth += {"(": 1, ")": -1}.get(found[position][1], 0)
        if depth == 0:
            return position
    return len(found)


def _split(found: list[Token]) -> list[list[Token]]:
    """Tokens split at the commas outside of parentheses."""
    items: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token[1], 0)
        if token[1] == "," and depth == 0:
            items.append([])
        else:
            items[-1].append(token)
    return items


class Clauses:
    """Reads one item of a CREATE TABLE's list, a column or a table constraint, clause by clause."""

    def __init__(self, item: list[Token], stated: Stated) -> None:
        self.item, self.stated = item, stated
        self.at = 0
        self.name = ""  # given by CONSTRAINT to the next clause
        self.column = ""

    def read(self) -> None:
        """Add what the item declares to `stated`."""
        if not self.item:
            return
        if not is_word(self.item[0], *TABLE_CLAUSES):
            self.column = self.item[0][1]
            self.at = 1
            while self.at < len(self.item) and not is_word(self.item[self.at], *COLUMN_CLAUSES):
                self.at = _closing(self.item, self.at) + 1 if self._is("(") else self.at + 1
        while self.at < len(self.item):
            self._clause()

    def _clause(self) -> None:
        """Read the clause at hand."""
        word = self._take()[1].upper()
        if word == "CONSTRAINT":
            self.name = self._take()[1]
            return
        if word == "PRIMARY":
            self._primary_key()
        elif word == "UNIQUE":
            self._add("unique", self._columns_or_own())
        elif word == "CHECK":
            self._add("check", join(self._parentheses()))
        elif word == "FOREIGN":
            self._take()
            self._foreign_key(join(self._parentheses()))
        elif word == "REFERENCES":
            self._foreign_key(f"({self.column})")
        elif word == "COLLATE":
            self._note(f"collate {self._take()[1].upper()}")
        elif word == "AS":
            self._generated()
        elif word == "DEFAULT":
            self._default()
        # NOT NULL, NULL and GENERATED ALWAYS say nothing that the PRAGMA or AS does not.
        if word not in ("NOT", "GENERATED"):
            self.name = ""

    def _is(self, text: str) -> bool:
        """Whether this sign is at hand."""
        return self.at < len(self.item) and self.item[self.at] == ("sign", text)

    def _word(self, *words: str) -> bool:
        """Whether one of these words is at hand."""
        return self.at < len(self.item) and is_word(self.item[self.at], *words)

    def _take(self) -> Token:
        """The token at hand, and go on."""
        token = self.item[self.at] if self.at < len(self.item) else ("sign", "")
        self.at += 1
        return token

    def _parentheses(self) -> list[Token]:
        """The parentheses at hand with what they hold, and go on."""
        end = _closing(self.item, self.at) + 1
        found = self.item[self.at : end]
        self.at = end
        return found

    def _add(self, kind: str, definition: str) -> None:
        """Declare a part, with what happens on a conflict."""
        if self._word("ON") and kind != "foreign key":
            self.at += 2
            definition += f" on conflict {self._take()[1].upper()}"
        self.stated.parts.append(Part(kind, self.name, definition))  # type: ignore[arg-type]  # one of Part's own kinds

    def _note(self, text: str) -> None:
        """Declare something about the column."""
        column = self.column.strip('"').lower()
        self.stated.notes[column] = (*self.stated.notes.get(column, ()), text)

    def _columns_or_own(self) -> str:
        """The columns of a table constraint, or the column that a column constraint is about."""
        return join(self._parentheses()) if self._is("(") else f"({self.column})"

    def _primary_key(self) -> None:
        """PRIMARY KEY, of a column or of several: a part of its own if it has a name or several."""
        self._take()
        columns = self._columns_or_own()
        if self._word("ASC", "DESC"):
            columns = f"({self.column} {self._take()[1].upper()})".replace(" ASC)", ")")
        listed = list(tokens(columns))
        names = tuple(join(item[:1]) for item in _split(listed[1:-1]) if item)
        self.stated.primary_key = names
        if self.name or len(names) > 1 or "DESC" in columns:
            self._add("primary key", columns)
        elif self._word("ON"):
            self.at += 3
        if self._word("AUTOINCREMENT"):
            self._take()
            self._note("autoincrement")

    def _foreign_key(self, columns: str) -> None:
        """What stands after the columns: REFERENCES parent (columns) and its rules in one order."""
        if self._word("REFERENCES"):
            self._take()
        parent = join([self._take()])
        target = f"{parent} {join(self._parentheses())}" if self._is("(") else parent
        rules = []
        while self._word("ON", "MATCH", "NOT", "DEFERRABLE", "INITIALLY"):
            if self._word("NOT") and not (
                self.at + 1 < len(self.item) and is_word(self.item[self.at + 1], "DEFERRABLE")
            ):
                break
            rules.append(self._rule())
        said = [rule for rule in sorted(rules) if rule and not rule.endswith("NO ACTION")]
        self._add("foreign key", " ".join([f"{columns} references {target}", *said]))

    def _rule(self) -> str:
        """One rule of a foreign key: "on delete CASCADE"."""
        word = self._take()[1].upper()
        if word == "ON":
            event = self._take()[1].lower()
            action = self._take()[1].upper()
            if action in ("SET", "NO"):
                action += f" {self._take()[1].upper()}"
            return f"on {event} {action}"
        if word == "DEFERRABLE":
            return "deferrable"
        if word == "NOT":
            self._take()
            return ""  # NOT DEFERRABLE is what holds anyway
        return f"{word.lower()} {self._take()[1].lower()}"

    def _generated(self) -> None:
        """AS (expression) with its kind."""
        expression = join(self._parentheses())
        kind = self._take()[1].lower() if self._word("STORED", "VIRTUAL") else "virtual"
        self._note(f"generated always as {expression} {kind}")

    def _default(self) -> None:
        """Pass over a default, which the PRAGMA reports."""
        if self._is("("):
            self._parentheses()
        elif self._is("+") or self._is("-"):
            self.at += 2
        else:
            self._take()
