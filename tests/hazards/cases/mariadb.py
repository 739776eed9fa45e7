"""Cases of rules about MariaDB."""

from tests.hazards.cases.case import Case, filled, many

ON = ("mysql",)
NAMED = "id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL DEFAULT 'new' COMMENT 'Its name'"
CASES = (
    Case(
        "implicit-default",
        "op.add_column('lines', sa.Column('rank', sa.String(9), nullable=False))",
        "lines.rank",
        "All 3 rows of lines silently get a made-up value for the required rank.",
        on=ON,
        tables=filled('"lines"', "id INTEGER PRIMARY KEY", "1", "2", "3"),
        fill=("'none'",),
    ),
    Case(
        "implicit-default",
        "op.add_column('dated', sa.Column('day', sa.Date, nullable=False))",
        "dated.day",
        "All 2 rows of dated silently get a made-up value for the required day.",
        on=ON,
        tables=filled("dated", "id INTEGER PRIMARY KEY", "1", "2"),
        fill=("'2026-01-31'",),
        server="mariadb",
    ),
    Case(
        "implicit-default",
        "op.add_column('dated', sa.Column('day', sa.Date, nullable=False))",
        "dated.day",
        "All 2 rows of dated would get a made-up value for the required day, which the server refuses.",
        on=ON,
        tables=filled("dated", "id INTEGER PRIMARY KEY", "1", "2"),
        fails=True,
        fill=("'2026-01-31'",),
        server="mysql",
    ),
    Case(
        "several-ddl-in-one-revision",
        "op.create_table('one', sa.Column('a', sa.Text))\nop.create_table('two', sa.Column('a', sa.Text))",
        "Several ddl in one revision",
        "2 statements change the schema, each for good at once.",
        on=ON,
        severity="warning",
        safe=(
            "op.create_table('one', sa.Column('a', sa.Text))",
            "op.create_table('two', sa.Column('a', sa.Text))",
        ),
    ),
    Case(
        "alter-missing-existing",
        "op.alter_column('named', 'name', existing_type=sa.String(60), type_=sa.String(62))",
        "named.name",
        "name of named loses NOT NULL and its default 'new' and its comment 'Its name', since the "
        "operation does not repeat it.",
        on=ON,
        tables=filled("named", NAMED, "1, 'Lamp'"),
    ),
    Case(
        "alter-missing-existing",
        "op.alter_column('stamped', 'at', existing_type=sa.DateTime, nullable=True)",
        "stamped.at",
        "at of stamped loses ON UPDATE and INVISIBLE and its default ",
        on=ON,
        tables=(
            "CREATE TABLE stamped (id INTEGER PRIMARY KEY, "
            "at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP INVISIBLE)",
        ),
    ),
    Case(
        "alter-missing-existing",
        "op.alter_column('counted', 'id', existing_type=sa.Integer, existing_nullable=False, "
        "type_=sa.BigInteger)",
        "counted.id",
        "id of counted loses AUTO_INCREMENT, since the operation does not repeat it.",
        on=ON,
        tables=("CREATE TABLE counted (id INTEGER AUTO_INCREMENT PRIMARY KEY)",),
    ),
    Case(
        "alter-missing-existing",
        "op.alter_column('rated', 'stars', existing_type=sa.Integer, existing_nullable=False, "
        "type_=sa.BigInteger)",
        "rated.stars",
        "stars of rated loses its CHECK (stars between 1 and 5), since the operation does not repeat it.",
        on=ON,
        tables=filled(
            "rated",
            "id INTEGER PRIMARY KEY, stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5)",
            "1, 5",
        ),
        server="mariadb",
    ),
    Case(
        "inline-references",
        "op.execute('ALTER TABLE parked ADD COLUMN maker INTEGER REFERENCES makers (id)')",
        "parked.maker",
        "maker of parked refers to makers in words only; it is no foreign key.",
        on=ON,
        severity="warning",
        tables=(
            *filled("makers", "id INTEGER PRIMARY KEY", "1"),
            "CREATE TABLE parked (id INTEGER PRIMARY KEY) ENGINE=MyISAM",
        ),
    ),
    Case(
        "varchar-boundary",
        "op.alter_column('grown', 'name', existing_type=sa.String(60), existing_nullable=True, "
        "type_=sa.String(80))",
        "grown.name",
        "name of grown goes from 240 to 320 bytes at most: the table is copied.",
        on=ON,
        severity="warning",
        tables=(
            "CREATE TABLE grown (id INTEGER PRIMARY KEY, name VARCHAR(60)) CHARACTER SET utf8mb4",
        ),
    ),
    Case(
        "copy-or-lock",
        "op.create_foreign_key('fk_bought', 'bought', 'buyers', ['buyer'], ['id'])",
        "bought.fk_bought",
        "A new foreign key copies or locks all of bought.",
        on=ON,
        severity="warning",
        tables=(
            *filled("buyers", "id INTEGER PRIMARY KEY", "1"),
            *filled("bought", "id INTEGER PRIMARY KEY, buyer INTEGER", "1, 1"),
        ),
    ),
    Case(
        "copy-or-lock",
        "op.create_check_constraint('ck_priced', 'range', 'price >= 0')",
        "range.ck_priced",
        "A new CHECK copies or locks all of range.",
        on=ON,
        severity="warning",
        tables=filled('"range"', "id INTEGER PRIMARY KEY, price INTEGER", "1, 1"),
    ),
    Case(
        "copy-or-lock",
        "op.execute('ALTER TABLE rekeyed DROP PRIMARY KEY, ADD PRIMARY KEY (id, part)')",
        "rekeyed",
        "Another primary key copies or locks all of rekeyed.",
        on=ON,
        severity="warning",
        tables=filled(
            "rekeyed", "id INTEGER NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (id)", "1, 1"
        ),
    ),
    Case(
        "copy-or-lock",
        "op.execute('ALTER TABLE spoken CONVERT TO CHARACTER SET utf8mb4')",
        "spoken",
        "Another character set copies or locks all of spoken.",
        on=ON,
        severity="warning",
        tables=("CREATE TABLE spoken (id INTEGER PRIMARY KEY, a VARCHAR(9)) CHARACTER SET latin1",),
    ),
    Case(
        "copy-or-lock",
        "op.execute('ALTER TABLE sorted ORDER BY a')",
        "sorted",
        "Another order copies or locks all of sorted.",
        on=ON,
        severity="warning",
        tables=("CREATE TABLE sorted (a INTEGER) ENGINE=MyISAM",),
    ),
    Case(
        "copy-or-lock",
        "op.execute('ALTER TABLE doubled ADD COLUMN b INTEGER AS (a * 2) STORED')",
        "doubled",
        "A column that is computed and stored copies or locks all of doubled.",
        on=ON,
        severity="warning",
        tables=filled("doubled", "id INTEGER PRIMARY KEY, a INTEGER", "1, 1"),
    ),
    Case(
        "copy-or-lock",
        "op.execute('ALTER TABLE searched ADD FULLTEXT INDEX ft (a)')",
        "searched",
        "Such an index copies or locks all of searched.",
        on=ON,
        severity="warning",
        tables=("CREATE TABLE searched (id INTEGER PRIMARY KEY, a VARCHAR(9))",),
    ),
    Case(
        "copy-or-lock",
        "op.create_index('by_text', 'found', ['a'], mysql_prefix='FULLTEXT')",
        "found.by_text",
        "Such an index copies or locks all of found.",
        on=ON,
        severity="warning",
        tables=("CREATE TABLE found (id INTEGER PRIMARY KEY, a VARCHAR(9))",),
    ),
    Case(
        "copy-or-lock",
        "op.create_index('by_lower', 'lowered', [sa.text('(lower(a))')])",
        "lowered.by_lower",
        "An index of an expression copies or locks all of lowered.",
        on=ON,
        severity="warning",
        tables=("CREATE TABLE lowered (id INTEGER PRIMARY KEY, a VARCHAR(9))",),
        server="mysql",
    ),
    Case(
        "copy-or-lock",
        "op.add_column('titled', sa.Column('b', sa.String(9), server_default=sa.text('(upper(a))')))",
        "titled",
        "A default that is worked out copies or locks all of titled.",
        on=ON,
        severity="warning",
        tables=("CREATE TABLE titled (id INTEGER PRIMARY KEY, a VARCHAR(9))",),
    ),
    Case(
        "copy-or-lock",
        "op.alter_column('widened', 'key', existing_type=sa.Integer, existing_nullable=True, "
        "type_=sa.BigInteger)",
        "widened.key",
        "The new type of key copies or locks all of widened.",
        on=ON,
        tables=(
            'CREATE TABLE widened (id INTEGER PRIMARY KEY, "key" INTEGER, text VARCHAR(12000) NOT NULL '
            "DEFAULT (repeat('x', 12000))) CHARACTER SET latin1",
            *many("widened", "", 1000)[1:],
            "ANALYZE TABLE widened",  # the server notices its size in its own time
        ),
    ),
    Case(
        "unique-column-drop",
        "op.drop_column('paired', 'b')",
        "paired.b",
        "b of paired stands in the UNIQUE pair (a, b).",
        on=ON,
        tables=filled(
            "paired", "id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, UNIQUE pair (a, b)", "1, 1, 1"
        ),
        fails=True,
        also=("drop-column",),
        server="mariadb",
    ),
    Case(
        "unique-column-drop",
        "op.drop_column('paired', 'b')",
        "paired.b",
        "b of paired stands in the UNIQUE pair (a, b).",
        on=ON,
        tables=filled(
            "paired", "id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, UNIQUE pair (a, b)", "1, 1, 1"
        ),
        also=("drop-column",),
        server="mysql",
    ),
)
