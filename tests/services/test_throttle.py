"""Guessing passwords is slowed down, in the same words for accounts that there are and are not."""

from datetime import timedelta

import pytest

from console.services import sessions, throttle
from console.services.accounts import authenticate
from console.services.audit import list_entries
from console.services.errors import InvalidCredentials, TooManyAttempts
from console.store.store import Store
from tests.world import PASSWORD


def _guess(store: Store, email: str, times: int, address: str = "192.0.2.7") -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            authenticate(store, email=email, password="a guess", address=address)


@pytest.mark.parametrize("email", ["author@example.com", "nobody@example.com"])
def test_after_ten_failures_everybody_has_to_wait(store: Store, email: str) -> None:
    _guess(store, email, throttle.MOST_FAILURES)
    with pytest.raises(TooManyAttempts, match="Wait 10 minutes") as refusal:
        authenticate(store, email=email.upper(), password=PASSWORD, address="192.0.2.7")
    assert 590 < refusal.value.seconds <= 600


def test_nine_failures_hold_nobody_off(store: Store) -> None:
    _guess(store, "author@example.com", throttle.MOST_FAILURES - 1)
    assert authenticate(store, email="author@example.com", password=PASSWORD, address="192.0.2.7")


def test_others_and_other_places_are_not_held_off(store: Store) -> None:
    _guess(store, "author@example.com", throttle.MOST_FAILURES)
    for email, address in (
        ("author@example.com", "192.0.2.8"),
        ("viewer@example.com", "192.0.2.7"),
    ):
        assert authenticate(store, email=email, password=PASSWORD, address=address)


def test_who_waited_may_try_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _guess(store, "author@example.com", throttle.MOST_FAILURES)
    monkeypatch.setattr(throttle, "WINDOW", timedelta(0))
    assert authenticate(store, email="author@example.com", password=PASSWORD, address="192.0.2.7")


def test_who_is_held_off_costs_no_hashing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _guess(store, "author@example.com", throttle.MOST_FAILURES)
    monkeypatch.setattr(sessions.passwords, "verify", lambda *_: pytest.fail("it was verified"))
    with pytest.raises(TooManyAttempts):
        authenticate(store, email="author@example.com", password=PASSWORD, address="192.0.2.7")


def test_the_audit_trail_says_once_who_is_held_off(store: Store) -> None:
    _guess(store, "author@example.com", throttle.MOST_FAILURES)
    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            authenticate(store, email="author@example.com", password="x", address="192.0.2.7")
    (entry,) = list_entries(store, action="sign-in.held-off")
    assert "author@example.com from 192.0.2.7 is refused" in entry.text
    assert len(list_entries(store, action="sign-in.failed")) == throttle.MOST_FAILURES
