"""The console's own database: accounts, sessions, reviews, approvals, runs and the audit trail.

It is apart from the managed databases and survives whatever happens to them. Its tables are named
`console_*`, and only `console.services` writes to them.
"""
