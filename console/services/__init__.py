"""Use cases: they own the transactions and the permissions, and return values."""
