"""forms: what people fill in, with the sentences for what is missing."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from console.services.errors import Invalid
from console.services.passwords import MINIMUM
from console.services.permissions import ROLES

ROLE_WORDS = {
    "viewer": "Viewer: sees everything, changes nothing",
    "author": "Author: edits data, opens reviews",
    "approver": "Approver: an author who also approves and applies",
    "operator": "Operator: edits data, rehearses and applies what is approved",
    "administrator": "Administrator: everything, accounts included",
}


def needed(what: str) -> InputRequired:
    """A required field that says what to do."""
    return InputRequired(what)


def role_choices() -> list[SelectChoice]:
    """Every role with what it may do."""
    return [SelectChoice(role, ROLE_WORDS[role]) for role in ROLES]


class Form(FlaskForm):
    """A form whose token the guard has checked already (console.web.access)."""

    class Meta:
        csrf = False

    def take(self, error: Invalid) -> None:
        """Put a service's objection at its field, or at the top if it names none of this form's."""
        field = self._fields.get(error.field)
        if field is None:
            self.form_errors.append(str(error))
        else:
            field.errors = [*field.errors, str(error)]


class SignInForm(Form):
    """Who is it?"""

    email = EmailField("Email address", validators=[needed("Enter your email address.")])
    password = PasswordField("Password", validators=[needed("Enter your password.")])


class PasswordForm(Form):
    """A new password of one's own."""

    current = PasswordField("Current password", validators=[needed("Enter your current password.")])
    new = PasswordField(
        "New password",
        description=f"At least {MINIMUM} characters. A few words are easier to remember than signs.",
        validators=[
            needed("Enter a new password."),
            Length(min=MINIMUM, message=f"Use at least {MINIMUM} characters."),
        ],
    )
    again = PasswordField(
        "New password again",
        validators=[
            needed("Enter the new password once more."),
            EqualTo("new", "This is not the same as the new password above."),
        ],
    )


class AccountForm(Form):
    """A new account."""

    name = StringField(
        "Name",
        validators=[needed("Enter the person's name."), Length(max=120)],
    )
    email = EmailField(
        "Email address", validators=[needed("Enter the person's email address."), Length(max=254)]
    )
    role = SelectField("Role", choices=role_choices)
    password = PasswordField(
        "First password",
        description=f"At least {MINIMUM} characters; the person changes it after signing in.",
        validators=[
            needed("Enter a first password."),
            Length(min=MINIMUM, message=f"Use at least {MINIMUM} characters."),
        ],
    )


class RoleForm(Form):
    """What an account may do, and whether it may sign in at all."""

    role = SelectField("Role", choices=role_choices)
    is_active = BooleanField(
        "May sign in", description="Switching this off ends the person's sessions."
    )


class ReviewForm(Form):
    """A review to be opened."""

    title = StringField(
        "Title",
        description="What this does, in a line. Left empty, the revision's own message is taken.",
        validators=[Length(max=200, message="Use at most 200 characters.")],
    )
    description = TextAreaField(
        "Description",
        description="Why now, and what the people who decide should know.",
        validators=[Length(max=10_000, message="Use at most 10,000 characters.")],
    )


class ReasonForm(Form):
    """A vote, with its reason where one is needed."""

    reason = TextAreaField(
        "Reason", validators=[Length(max=4_000, message="Use at most 4,000 characters.")]
    )


class AcceptForm(Form):
    """Why one finding may stay as it is."""

    finding = HiddenField("Finding", validators=[Length(max=64)])
    reason = TextAreaField(
        "Why it may stay as it is",
        validators=[
            needed("Say why this may stay as it is."),
            Length(max=4_000, message="Use at most 4,000 characters."),
        ],
    )


class CommentForm(Form):
    """One contribution to a discussion."""

    text = TextAreaField(
        "Comment",
        validators=[
            needed("Write something first."),
            Length(max=4_000, message="Use at most 4,000 characters."),
        ],
    )
