"""parsing: Python source as a syntax tree, from as many threads as ask."""

from __future__ import annotations

import ast
from threading import Lock

# CPython before 3.12.2 keeps the depth of the tree that it builds in one place for all threads: two
# that build at once can end in a SystemError about a source that is perfectly fine (CPython's issue
# 106905). The pages of one server do parse at once; and what other code builds meanwhile, such as a
# traceback of 3.11, is met by trying again.
ONE_AT_A_TIME = Lock()
TRIES = 5


def parse(source: bytes | str, filename: str = "<unknown>") -> ast.Module:
    """Return the syntax tree of a module; raises SyntaxError, and nothing else, for what Python
    cannot read: also for null bytes, an unknown encoding and an expression that is too deep."""
    for _ in range(TRIES):
        try:
            with ONE_AT_A_TIME:
                return ast.parse(source, filename=filename)
        except SystemError as error:
            problem = error
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or type(error).__name__) from error
    raise problem
