"""heirs: what SQL says of a column that another one takes the place of."""

from __future__ import annotations

import re
from collections.abc import Collection


def is_told(old: str, new: str, statements: Collection[str]) -> bool:
    """Whether one of these statements renames the column `old` to `new`, or copies its values there."""
    before, after = (rf'(?<!\w)["`]?{re.escape(name)}["`]?(?!\w)' for name in (old, new))
    ways = (
        rf"\bRENAME\s+(?:COLUMN\s+)?{before}\s+TO\s+{after}",
        rf"\bCHANGE\s+(?:COLUMN\s+)?{before}\s+{after}",
        rf"\bSET\b.*{after}\s*=(?:(?!\bWHERE\b|,).)*{before}",
        rf"^\s*INSERT\b.*{after}.*\bSELECT\b.*{before}",
    )
    pattern = re.compile("|".join(ways), re.IGNORECASE | re.DOTALL)
    return any(pattern.search(sql) for sql in statements)
