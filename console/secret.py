"""The secret key: what counts as one, and the one that development generates for itself."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

LEAST_LENGTH = 32
MAKE_ONE = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"

# Words that published examples and templates put into their keys; a random key holds none of them.
EXAMPLE_WORDS = (
    "change-me",
    "change_me",
    "changeme",
    "example",
    "insecure",
    "password",
    "secret",
    "your-key",
    "yourkey",
)
# The key that Flask's own documentation prints: long and random to look at, known to everybody.
EXAMPLE_KEYS = ("192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",)


class SecretError(Exception):
    """A key cannot be used; `str()` is one sentence that says why and how to make one."""


def check_secret(value: str) -> str:
    """`value`, if it may sign cookies in production; SecretError if it is missing, short or known."""
    lowered = value.lower()
    if not value:
        reason = "CONSOLE_SECRET_KEY is missing, and production does not start without it."
    elif len(value) < LEAST_LENGTH:
        reason = (
            f"CONSOLE_SECRET_KEY has {len(value)} characters and needs at least {LEAST_LENGTH}."
        )
    elif value in EXAMPLE_KEYS or any(word in lowered for word in EXAMPLE_WORDS):
        reason = "CONSOLE_SECRET_KEY looks like an example that others know."
    elif len(set(value)) < 10:
        reason = "CONSOLE_SECRET_KEY repeats a few characters, so it can be guessed."
    else:
        return value
    raise SecretError(f"{reason} {MAKE_ONE}")


def read_or_make_secret(path: Path) -> str:
    """The key in `path`, generated with mode 0600 if there is none.

    Several processes may start at once: the file appears complete or not at all, and all of them
    end up with the same key.
    """
    try:
        if not path.exists():
            _publish(path, secrets.token_urlsafe(48))
        key = path.read_text().strip()
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(
            f"The secret key in {path} cannot be used ({error}); make the file readable or delete it."
        ) from None
    if len(key) < LEAST_LENGTH:
        raise SecretError(
            f"The secret key in {path} is shorter than {LEAST_LENGTH} characters; "
            "delete the file and a new one is made."
        )
    return key


def _publish(path: Path, key: str) -> None:
    """Write `key` to a private file and link it to `path`, unless somebody was quicker."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(key + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
