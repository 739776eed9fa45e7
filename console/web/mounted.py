"""mounted: what the pages need of the Console that they are mounted with (it is above them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from console.config import Settings
from console.schema.target import Target
from console.services.reviews import Policy
from console.store.store import Store

if TYPE_CHECKING:
    from flask_admin import Admin
    from jinja2 import Environment


class Mounted(Protocol):
    """The Console, as far as a page is concerned."""

    url_prefix: str
    settings: Settings
    store: Store
    admin: Admin
    templates: Environment

    @property
    def targets(self) -> Mapping[str, Target]:
        """Every managed database by name."""

    @property
    def policy(self) -> Policy:
        """What an apply needs before it may run."""
