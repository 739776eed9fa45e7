"""size: bytes in the words of a person."""

from __future__ import annotations


def size_in_words(size: int) -> str:
    """Return bytes as people write them: "48 kB"."""
    number = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1024 or unit == "GB":
            break
        number /= 1024
    return f"{number:,.0f} {unit}" if number >= 10 or unit == "bytes" else f"{number:.1f} {unit}"
