"""The console's own database: accounts, sessions, reviews, approvals, runs, audit."""
