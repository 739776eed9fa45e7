"""The console's own database, for commands that need it up to date."""

from __future__ import annotations

from console.store.store import Store
from console.store.upgrade import upgrade_store


def bring_store_up_to_date(store: Store) -> None:
    """Create or upgrade the store; nothing happens when it is up to date, whoever else does it too."""
    upgrade_store(store)
