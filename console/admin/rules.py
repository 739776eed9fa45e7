"""rules: a CHECK constraint as a person would say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from console.admin.outline import Attribute

_NUMBER = r"-?\d+(?:\.\d+)?"
_COMPARED = {
    ">=": "must be at least {}",
    ">": "must be more than {}",
    "<=": "must be at most {}",
    "<": "must be less than {}",
    "<>": "must not be {}",
    "!=": "must not be {}",
    "=": "must be {}",
}


def check_words(expression: str, attributes: Sequence[Attribute], name: Any) -> str:
    """ "Price must be at least 0." for `price >= 0`; else the constraint's name, as words."""
    labels = {a.column.name: a.label for a in attributes}
    plain = re.sub(r"[\"`\[\]]", "", expression).strip()
    for say in (_comparison, _between, _length, _choice):
        said = say(plain, labels)
        if said:
            return said
    rule = name_words(str(name or ""), attributes)
    about = attributes[0].label if len(attributes) == 1 else "This row"
    return (
        f"{about} breaks the rule “{rule}” of the database."
        if rule
        else f"{about} breaks a rule of the database."
    )


def name_words(name: str, attributes: Sequence[Attribute] = ()) -> str:
    """`ck_products_price_not_negative` is "price not negative"."""
    if attributes:
        table = attributes[0].column.table
        name = re.sub(rf"^(ck|uq|fk|ix)_{re.escape(str(getattr(table, 'name', '')))}_", "", name)
    return re.sub(r"^(ck|uq|fk|ix)_", "", name).replace("_", " ").strip()


def _comparison(plain: str, labels: dict[str, str]) -> str | None:
    found = re.fullmatch(rf"(\w+)\s*(>=|<=|<>|!=|>|<|=)\s*({_NUMBER}|'[^']*'|\w+)", plain)
    if not found or found.group(1) not in labels:
        return None
    left, operator, right = found.groups()
    other = labels.get(right, right.strip("'"))
    if right not in labels and re.fullmatch(r"[A-Za-z_]\w*", right):
        return None
    return f"{labels[left]} {_COMPARED[operator].format(other)}."


def _between(plain: str, labels: dict[str, str]) -> str | None:
    found = re.fullmatch(
        rf"(\w+)\s+between\s+({_NUMBER})\s+and\s+({_NUMBER})", plain, re.I
    ) or re.fullmatch(rf"(\w+)\s*>=\s*({_NUMBER})\s+and\s+\1\s*<=\s*({_NUMBER})", plain, re.I)
    if not found or found.group(1) not in labels:
        return None
    name, low, high = found.groups()
    return f"{labels[name]} must be between {low} and {high}."


def _length(plain: str, labels: dict[str, str]) -> str | None:
    found = re.fullmatch(
        r"(?:char_)?length\((?:trim\()?(\w+)\)?\)\s*(>=|>|<=|<)\s*(\d+)", plain, re.I
    )
    if not found or found.group(1) not in labels:
        return None
    name, operator, number = found.group(1), found.group(2), int(found.group(3))
    least = {">=": number, ">": number + 1}.get(operator)
    if least is not None:
        return f"{labels[name]} must have at least {least} character{'' if least == 1 else 's'}."
    most = number if operator == "<=" else number - 1
    return f"{labels[name]} must have at most {most} characters."


def _choice(plain: str, labels: dict[str, str]) -> str | None:
    found = re.fullmatch(r"(\w+)\s+in\s*\((.+)\)", plain, re.I)
    if not found or found.group(1) not in labels:
        return None
    choices = [part.strip().strip("'") for part in found.group(2).split(",")]
    return f"{labels[found.group(1)]} must be one of {', '.join(choices)}."
