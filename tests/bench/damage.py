"""damage: what a migration does to a value without a word, as everybody has seen it done."""

from __future__ import annotations

import datetime
import math
import random
import struct
import unicodedata
import uuid
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

Damage = Callable[[Any], Any]
HOUR = datetime.timedelta(hours=1)


def mojibake(text: str) -> str:
    """UTF-8 read as Latin-1."""
    return text.encode().decode("latin-1")[:80]


def single(value: float) -> float:
    """A double that went through a single."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


TEXTS: dict[str, Damage] = {
    "cut": lambda text: text[: max(len(text) // 2, 1)],
    "upper case": str.upper,
    "swapped case": str.swapcase,
    "stripped": str.strip,
    "a trailing space": lambda text: text[:79] + " ",
    "one space for two": lambda text: " ".join(text.split()),
    "read as Latin-1": mojibake,
    "decomposed": lambda text: unicodedata.normalize("NFD", text)[:80],
    "in ASCII": lambda text: text.encode("ascii", "replace").decode(),
    "emptied": lambda text: "",
    "without leading zeros": lambda text: text.lstrip("0"),
    "Unix line ends": lambda text: text.replace("\r\n", "\n"),
}
DAMAGES: dict[str, dict[str, Damage]] = {
    "number": {
        "one more": lambda value: value - 1 if value > 0 else value + 1,
        "-1 to -2": lambda value: {-1: -2, -2: -1}.get(value, value),
        "the other sign": lambda value: -value,
        "zeroed": lambda value: 0,
    },
    "big": {
        "through a double": lambda value: int(float(value)),
        "one more": lambda value: value - 1 if value > 0 else value + 1,
    },
    "price": {
        "rounded": lambda value: value.quantize(Decimal(1)),
        "cut": lambda value: value.quantize(Decimal("0.1"), ROUND_DOWN),
        "a cent more": lambda value: value + Decimal("0.01"),
        "the other sign": lambda value: -value,
    },
    "ratio": {
        "through a single": single,
        "rounded": lambda value: round(value, 2),
        "the last bit": lambda value: math.nextafter(value, math.inf),
    },
    "name": TEXTS,
    "note": TEXTS,
    "active": {"flipped": lambda value: not value},
    "day": {
        "a day late": lambda value: value + datetime.timedelta(1),
        "day and month swapped": lambda value: (
            value.replace(day=value.month, month=value.day) if value.day <= 12 else value
        ),
    },
    "at": {
        "an hour off": lambda value: value + HOUR,
        "another zone": lambda value: value - 5.5 * HOUR,
        "without microseconds": lambda value: value.replace(microsecond=0),
        "the last microsecond": lambda value: value + datetime.timedelta(microseconds=1),
    },
    "data": {
        "a number as text": lambda value: value | {"size": str(value["size"])},
        "a key lost": lambda value: {"size": value["size"], "tags": value["tags"]},
        "a list turned": lambda value: value | {"tags": value["tags"][::-1]},
        "null": lambda value: value | {"name": None},
    },
    "raw": {
        "one bit": lambda value: bytes([value[0] ^ 1]) + value[1:],
        "cut": lambda value: value[:-1],
        "a zero at its end": lambda value: value + b"\0",
    },
    "code": {"one digit": lambda value: uuid.UUID(int=value.int ^ 1)},
}


def damage(kind: str, value: Any, chance: random.Random) -> tuple[str, Any]:
    """What was done to a value that is not NULL, and what became of it: never what it was."""
    ways = list(DAMAGES[kind].items())
    chance.shuffle(ways)
    for what, way in ways:
        changed = way(value)
        if changed != value:
            return what, changed
    return "nulled", None
