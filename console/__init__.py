"""Console: the admin console for Flask applications.

`from console import Console` mounts it on an application; the class is imported on first use, so
that the processes that only run migrations do not load the web side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.mount import Console

__all__ = ["Console"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Console":
        from console.mount import Console

        return Console
    raise AttributeError(f"module 'console' has no attribute '{name}'")
