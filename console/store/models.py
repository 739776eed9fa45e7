"""models: every table of the store, imported once so that the metadata is whole."""

from console.store.acceptance import AcceptanceRow
from console.store.account import AccountRow
from console.store.approval import ApprovalRow
from console.store.audit_entry import AuditEntryRow
from console.store.base import Base
from console.store.comment import CommentRow
from console.store.drift import DriftRow
from console.store.review import ReviewRow
from console.store.run import RunRow
from console.store.run_event import RunEventRow
from console.store.runner import RunnerRow
from console.store.session import SessionRow
from console.store.standing import StandingRow

__all__ = [
    "AcceptanceRow",
    "AccountRow",
    "ApprovalRow",
    "AuditEntryRow",
    "Base",
    "CommentRow",
    "DriftRow",
    "ReviewRow",
    "RunEventRow",
    "RunRow",
    "RunnerRow",
    "SessionRow",
    "StandingRow",
]
