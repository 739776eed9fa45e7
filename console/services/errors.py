"""errors: what a use case can refuse; the web and the command line word each once."""

from __future__ import annotations


class ServiceError(Exception):
    """Base of everything a service raises on purpose; `reason` is a sentence for a person."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Forbidden(ServiceError):
    """The account's role does not allow this."""


class NotFound(ServiceError):
    """There is no such account, review, run or target."""


class Conflict(ServiceError):
    """Something of that kind is there already, or somebody else was first.

    `review_id` or `run_id` is what stands in the way, where that is known.
    """

    def __init__(
        self, reason: str, *, review_id: int | None = None, run_id: int | None = None
    ) -> None:
        self.review_id, self.run_id = review_id, run_id
        super().__init__(reason)


class Refused(ServiceError):
    """The rules do not allow this now; `reason` says what is missing."""


class Misconfigured(ServiceError):
    """A file or setting that says where a managed database and its history are cannot be used."""


class InvalidCredentials(ServiceError):
    """Unknown account, wrong password or inactive account: always the same answer."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class TooManyAttempts(ServiceError):
    """Signing in failed too often of late, for whatever account; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = -(-seconds // 60)
        super().__init__(
            "Signing in with this address failed too often. "
            f"Wait {minutes} {'minute' if minutes == 1 else 'minutes'}, then try again."
        )


class Invalid(ServiceError):
    """One value cannot be used; `field` names it, `message` is a sentence."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(message)
