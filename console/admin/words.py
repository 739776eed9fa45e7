"""words: names of tables and columns as a person would say them."""

from __future__ import annotations

ACRONYMS = {
    "api",
    "css",
    "ean",
    "html",
    "id",
    "ip",
    "isbn",
    "json",
    "sku",
    "uri",
    "url",
    "uuid",
    "vat",
}


def label_of(name: str) -> str:
    """`is_active` is "Active", `created_at` "Created", `sku` "SKU", `author_id` "Author ID"."""
    words = [word for word in name.strip("_").split("_") if word]
    if len(words) > 1 and words[0] == "is":
        words = words[1:]
    if len(words) > 1 and words[-1] == "at":
        words = words[:-1]
    spoken = [word.upper() if word.lower() in ACRONYMS else word for word in words]
    text = " ".join(spoken) or name
    return text[:1].upper() + text[1:]


def plural(word: str) -> str:
    """The plural of an English noun, well enough for a heading; a view can name its own."""
    lower = word.lower()
    if lower.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if lower.endswith("y") and lower[-2:-1] not in {"a", "e", "i", "o", "u", ""}:
        return word[:-1] + "ies"
    return word + "s"


def singular(word: str) -> str:
    """The singular of a table's name: `posts` is "post", `categories` "category"."""
    lower = word.lower()
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def counted(number: int, one: str, many: str | None = None) -> str:
    """`counted(3, "post")` is "3 posts", `counted(1, "post")` "1 post"; thousands are separated."""
    return f"{number:,} {one if number == 1 else (many or plural(one))}"


def listed(words: list[str] | tuple[str, ...], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def shortened(text: str, length: int = 80) -> str:
    """At most `length` characters, cut with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
