"""Accounts: created with care, signed in without telling who exists, and never the last one lost."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from console.services import passwords, sessions
from console.services.accounts import (
    account_for_token,
    authenticate,
    change_password,
    create_account,
    get_account,
    has_accounts,
    list_accounts,
    sign_out,
    update_account,
)
from console.services.audit import list_entries
from console.services.errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidCredentials,
    NotFound,
    Refused,
)
from console.store.account import AccountRow
from console.store.session import SessionRow
from console.store.store import Store
from console.store.times import now
from tests.world import PASSWORD, World


def test_an_address_is_kept_without_spaces_and_in_lower_case(store: Store) -> None:
    made = create_account(
        store,
        email="  Grace@Example.COM ",
        name=" Grace  Hopper ",
        role="author",
        password=PASSWORD,
    )
    assert (made.email, made.name) == ("grace@example.com", "Grace Hopper")
    assert get_account(store, made.id) == made


def test_an_address_is_used_once(store: Store, world: World) -> None:
    with pytest.raises(Conflict, match=r"author@example\.com already"):
        create_account(
            store, email="AUTHOR@example.com", name="Other", role="author", password=PASSWORD
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a b@example.com"),
        ("email", "@example.com"),
        ("name", "  "),
        ("name", "x" * 121),
        ("role", "king"),
        ("password", "too short"),
        ("password", "x" * 1001),
    ],
)
def test_a_bad_value_names_its_field(store: Store, field: str, value: str) -> None:
    values = {"email": "g@example.com", "name": "G", "role": "author", "password": PASSWORD}
    with pytest.raises(Invalid) as caught:
        create_account(store, **{**values, field: value})
    assert caught.value.field == field


def test_only_an_administrator_creates_accounts(store: Store, world: World) -> None:
    with pytest.raises(Forbidden):
        create_account(
            store, email="g@x.org", name="G", role="viewer", password=PASSWORD, actor=world.approver
        )


def test_no_password_is_stored(store: Store) -> None:
    with store.read() as session:
        for row in session.scalars(select(AccountRow)):
            assert row.password_hash.startswith("$argon2id$")
            assert PASSWORD not in row.password_hash


def test_signing_in_gives_a_token_of_which_the_store_knows_only_the_digest(
    store: Store, world: World
) -> None:
    token = authenticate(store, email=" Author@Example.com", password=PASSWORD, agent="x" * 999)
    assert account_for_token(store, token) == world.author
    with store.read() as session:
        row = session.scalars(select(SessionRow)).one()
    assert token not in (row.token_hash, row.agent)
    assert len(row.agent) == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [("nobody@example.com", PASSWORD), ("author@example.com", "wrong password"), ("", "")],
)
def test_every_failure_gives_the_same_answer(store: Store, email: str, password: str) -> None:
    with pytest.raises(
        InvalidCredentials, match=r"^The e-mail address or the password is wrong\.$"
    ):
        authenticate(store, email=email, password=password)


def test_every_failure_does_the_same_work(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_account(store, world.administrator, world.viewer.id, is_active=False)
    verified: list[str] = []
    real = passwords.hasher

    def verify(password_hash: str, password: str) -> bool:
        verified.append(password_hash[:10])
        return real.verify(password_hash, password)

    monkeypatch.setattr(
        passwords,
        "hasher",
        SimpleNamespace(verify=verify, hash=real.hash, check_needs_rehash=real.check_needs_rehash),
    )
    monkeypatch.setattr(passwords, "_dummy", lambda _: real.hash("nobody"))
    for email in ("nobody@example.com", "author@example.com", "viewer@example.com"):
        password = PASSWORD if email.startswith("viewer") else "wrong password"
        with pytest.raises(InvalidCredentials):
            authenticate(store, email=email, password=password)
    assert verified == ["$argon2id$"] * 3


def test_the_dummy_password_signs_nobody_in() -> None:
    assert not passwords.verify(None, "nobody has this password: 3f0f1c0a5b7e")


def test_a_failed_sign_in_is_noted_without_the_password(store: Store) -> None:
    with pytest.raises(InvalidCredentials):
        authenticate(store, email="author@example.com", password="my secret thing", address="::1")
    entry = list_entries(store, limit=1)[0]
    assert entry.action == "sign-in.failed"
    assert entry.text == "Somebody failed to sign in as author@example.com."
    assert "my secret thing" not in repr(entry)


def test_a_sign_in_ends_when_it_is_not_used(store: Store, world: World) -> None:
    token = authenticate(store, email="author@example.com", password=PASSWORD)
    assert account_for_token(store, token, idle=timedelta(seconds=-1)) is None
    assert account_for_token(store, token) == world.author


def test_a_sign_in_ends_after_a_week_however_much_it_is_used(store: Store) -> None:
    token = authenticate(store, email="author@example.com", password=PASSWORD)
    with store.begin() as session:
        row = session.scalars(select(SessionRow)).one()
        row.created_at -= sessions.ABSOLUTE + timedelta(minutes=1)
    assert account_for_token(store, token) is None


def test_the_last_use_is_written_down_once_a_minute(store: Store) -> None:
    token = authenticate(store, email="author@example.com", password=PASSWORD)

    def seen() -> object:
        with store.read() as session:
            return session.scalars(select(SessionRow.seen_at)).one()

    first = seen()
    account_for_token(store, token)
    assert seen() == first
    with store.begin() as session:
        session.scalars(select(SessionRow)).one().seen_at = now() - timedelta(minutes=5)
    account_for_token(store, token)
    assert seen() >= first


def test_a_token_does_not_work_after_signing_out(store: Store) -> None:
    token = authenticate(store, email="author@example.com", password=PASSWORD)
    sign_out(store, token)
    sign_out(store, token)
    assert account_for_token(store, token) is None
    assert [e.text for e in list_entries(store, action="sign-out")] == ["Ada Author signed out."]


@pytest.mark.parametrize("token", ["", "nonsense", "é" * 50])
def test_an_unknown_token_is_nobody(store: Store, token: str) -> None:
    assert account_for_token(store, token) is None


def test_a_new_password_ends_every_sign_in(store: Store) -> None:
    token = authenticate(store, email="author@example.com", password=PASSWORD)
    change_password(store, email="Author@example.com", password="a new long password")
    assert account_for_token(store, token) is None
    assert authenticate(store, email="author@example.com", password="a new long password")


def test_the_password_of_nobody_cannot_be_changed(store: Store) -> None:
    with pytest.raises(NotFound, match=r"nobody@example\.com"):
        change_password(store, email="nobody@example.com", password="a new long password")


def test_somebody_elses_password_is_for_administrators(store: Store, world: World) -> None:
    with pytest.raises(Forbidden):
        change_password(
            store, email="author@example.com", password="a new long password", actor=world.approver
        )


def test_a_changed_role_is_noted_and_ends_sign_ins(store: Store, world: World) -> None:
    token = authenticate(store, email="author@example.com", password=PASSWORD)
    changed = update_account(store, world.administrator, world.author.id, role="approver")
    assert changed.role == "approver"
    assert account_for_token(store, token) is None
    entry = list_entries(store, action="account.changed")[0]
    assert entry.text == "Adam Administrator made Ada Author an approver."


def test_a_switched_off_account_is_signed_out_and_listed_last(store: Store, world: World) -> None:
    token = authenticate(store, email="author@example.com", password=PASSWORD)
    update_account(store, world.administrator, world.author.id, is_active=False)
    assert account_for_token(store, token) is None
    assert list_accounts(store)[-1].email == "author@example.com"
    with pytest.raises(InvalidCredentials):
        authenticate(store, email="author@example.com", password=PASSWORD)


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"is_active": False}])
def test_the_last_administrator_stays(store: Store, world: World, change: dict[str, str]) -> None:
    with pytest.raises(Refused, match="last administrator"):
        update_account(store, world.administrator, world.administrator.id, **change)
    assert get_account(store, world.administrator.id) == world.administrator


def test_roles_can_change_where_there_never_was_an_administrator(
    store: Store, world: World
) -> None:
    with store.begin() as session:
        session.get_one(AccountRow, world.administrator.id).role = "viewer"
    assert update_account(store, None, world.author.id, role="approver").role == "approver"


def test_the_console_knows_whether_anybody_can_sign_in(store: Store) -> None:
    assert has_accounts(store)
    with store.begin() as session:
        for row in session.scalars(select(AccountRow)):
            row.is_active = False
    assert not has_accounts(store)
