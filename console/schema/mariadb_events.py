"""mariadb_events: the events of a MariaDB or MySQL database on its clone, where none of them may fire.

An event changes rows at its hour, in whatever database it names: on a clone it would falsify what is
compared, and do to others what the real one does. A dump would bring it along ready to run.
"""

from __future__ import annotations

import re

from sqlalchemy.engine import URL

from console.schema.driver import engine_of
from console.schema.mariadb_count import backquoted

NAMES = "SELECT event_name FROM information_schema.events WHERE event_schema = database()"
READY = re.compile(r"(\sON\s+COMPLETION\s+(?:NOT\s+)?PRESERVE\s+)ENABLE\b", re.IGNORECASE)
SESSION = "SET SESSION sql_mode = %s, time_zone = %s"


def copy_events(url: URL, name: str) -> None:
    """Create the events of the database of `url` in another of its server, all of them disabled."""
    with engine_of(url).connect() as source, engine_of(url.set(database=name)).connect() as clone:
        for event in source.exec_driver_sql(NAMES).scalars().all():
            found = source.exec_driver_sql(f"SHOW CREATE EVENT {backquoted(event)}").one()
            _, mode, zone, definition, *_ = found
            clone.exec_driver_sql(SESSION, (mode, zone))
            # past SQLAlchemy and the driver's own reading of %
            clone.exec_driver_sql(READY.sub(r"\1DISABLE", definition, count=1).replace("%", "%%"))
