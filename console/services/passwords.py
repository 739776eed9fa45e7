"""passwords: hashed by Argon2id, and checked in the same time whether there is an account or not."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.services.errors import Invalid

MINIMUM = 10
MAXIMUM = 1000  # hashing time grows with the length
hasher = PasswordHasher()


def hash_password(password: str, field: str = "password") -> str:
    """The hash to store; Invalid where the password is too short or absurdly long."""
    if len(password) < MINIMUM:
        raise Invalid(field, f"Use at least {MINIMUM} characters; a few unrelated words do well.")
    if len(password) > MAXIMUM:
        raise Invalid(field, f"Use at most {MAXIMUM} characters.")
    return hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether `password` fits; without a hash it takes as long and the answer is no."""
    dummy = _dummy(hasher)  # made before anything is known, or the first sign-in would tell
    try:
        fits = hasher.verify(password_hash or dummy, password[:MAXIMUM])
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=4)
def _dummy(with_hasher: PasswordHasher) -> str:
    """A hash that no password fits in practice, of the cost of real ones."""
    return with_hasher.hash("nobody has this password: 3f0f1c0a5b7e")
