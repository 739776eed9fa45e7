"""The pure core: Alembic histories, plans, rehearsals and runs as values.

Nothing in this package knows Flask, Werkzeug, Jinja or click, prints, reads settings or opens a
request (import-linter holds it). It takes a `Target` and returns frozen dataclasses.
"""
