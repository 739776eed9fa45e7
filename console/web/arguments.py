"""arguments: what the address of a page asks for."""

from __future__ import annotations

from flask import request

LONGEST = 18  # digits; more do not fit into a column of numbers


def whole_number(name: str) -> int | None:
    """The argument `name` if it is a whole number that an id may be, or None."""
    text = request.args.get(name, "")
    fits = text.isascii() and text.isdigit() and len(text) <= LONGEST
    return int(text) if fits else None
