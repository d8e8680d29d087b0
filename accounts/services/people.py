"""Inviting people into an organisation and changing their place in it.

Written in `system_scope` once it is checked who asks: the application role cannot write memberships, because
a row that names somebody else's user would make that user readable here.
"""

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.actor import Actor
from accounts.models import Membership, User, email_key
from accounts.roles import Area, Role
from accounts.services.invitations import mail_invitation
from accounts.services.phones import normalize_phone
from accounts.services.reporting import lock_members, place_under
from core.errors import Conflict, FieldError, NotPermitted, NotVisible, ValidationFailed
from core.models import Organization
from core.scope import system_scope

LONGEST_NAME = 150


def create_user(
    *,
    actor: Actor,
    email: str,
    roles: Iterable[Role | str],
    password: str | None = None,
    name: str = "",
    phone: str = "",
    manager: Membership | None = None,
    reason: str = "",
) -> Membership:
    """Invite a person into the actor's organisation; returns the membership.

    Who has no account yet gets one; who has one keeps it as it is, with its password. The caller cannot tell
    the two apart: name and phone belong to the membership. Only the system itself may give a new account its
    password. Whom a person invites is written to and chooses one, so that nobody holds an account under
    somebody else's address.

    Raises:
        NotPermitted: the actor may not manage people.
        ValidationFailed: a value is not allowed, or a person gives a password; by field.
        Conflict: the person is a member already.
    """
    actor.require(Area.ACCESS, "write")
    address = _checked_email(email)
    chosen = checked_roles(roles)
    _check_password(actor, password, address)
    name = checked_name(name)
    phone = normalize_phone(phone, actor.organization)
    with transaction.atomic(), system_scope(actor.organization, reason=reason or "invited"):
        lock_members(actor.organization)
        user = _find_or_create_user(address, password)
        if Membership.objects.filter(user_id=user.pk).exists():
            raise Conflict(
                "member_exists",
                f"{address} is a member already. Change the roles there instead.",
                {"email": [FieldError("unique", "A member already.")]},
            )
        membership = Membership(
            user=user, organization=actor.organization, name=name, phone=phone, roles=chosen
        )
        membership.save(force_insert=True)
        if manager is not None:
            place_under(actor.organization, membership, manager)
        if actor.membership is not None:
            mail_invitation(user)
    return membership


def update_member(
    *,
    actor: Actor,
    membership: Membership,
    roles: Iterable[Role | str] | None = None,
    name: str | None = None,
    phone: str | None = None,
    reason: str = "",
) -> Membership:
    """Change a member's roles, name or phone; what is None stays.

    Raises:
        NotPermitted, NotVisible: the actor may not manage people; the member is of another organisation.
        ValidationFailed: a value is not allowed; by field.
        Conflict: nobody would be left to administer the organisation.
    """
    actor.require(Area.ACCESS, "write")
    with transaction.atomic(), system_scope(actor.organization, reason=reason or "member changed"):
        member = _locked_member(actor.organization, membership)
        if roles is not None:
            member.roles = checked_roles(roles)
            _require_an_administrator(member)
        if name is not None:
            member.name = checked_name(name)
        if phone is not None:
            member.phone = normalize_phone(phone, actor.organization)
        member.save(update_fields=["roles", "name", "phone"])
    return member


def deactivate_member(*, actor: Actor, membership: Membership, reason: str = "") -> Membership:
    """End a member's access, from the next request on. What the member owns stays.

    Raises: as `update_member`.
    """
    return _set_active(actor, membership, False, reason or "access ended")


def reactivate_member(*, actor: Actor, membership: Membership, reason: str = "") -> Membership:
    """Give a member access again, with the roles held before.

    Raises: as `update_member`.
    """
    return _set_active(actor, membership, True, reason or "access given again")


def change_profile(*, actor: Actor, name: str, phone: str) -> Membership:
    """Change one's own name and phone as the organisation sees them.

    Raises:
        NotVisible: the system itself has no profile.
        NotPermitted: the actor calls with a key, which is no person.
        ValidationFailed: a value is not allowed; by field.
    """
    if actor.membership is None:
        raise NotVisible
    if actor.scopes is not None:
        raise NotPermitted("A key changes nobody's profile. Sign in as the person.")
    changes = {"name": checked_name(name), "phone": normalize_phone(phone, actor.organization)}
    with transaction.atomic(), system_scope(actor.organization, reason="own profile"):
        member = _locked_member(actor.organization, actor.membership)
        for attribute, value in changes.items():
            setattr(member, attribute, value)
        member.save(update_fields=list(changes))
    return member


def checked_roles(roles: Iterable[Role | str]) -> list[str]:
    """Return known roles in the order of the table, each once; raises ValidationFailed."""
    given = set(roles)
    if unknown := sorted(str(role) for role in given - set(Role)):
        known = ", ".join(Role)
        raise _refusal("roles", "unknown", f"No such role: {', '.join(unknown)}. Roles are {known}.")
    if not given:
        raise _refusal("roles", "required", "Choose at least one role.")
    return [role.value for role in Role if role in given]


def checked_name(name: str) -> str:
    """Return a name with its spaces in order; raises ValidationFailed."""
    tidy = " ".join(name.split())
    if len(tidy) > LONGEST_NAME:
        raise _refusal("name", "max_length", f"A name has at most {LONGEST_NAME} characters.")
    return tidy


def _locked_member(organization: Organization, membership: Membership) -> Membership:
    """Return the member as it is once no other change is under way; NotVisible where there is none."""
    lock_members(organization)
    member = Membership.objects.filter(pk=membership.pk).select_related("user", "organization").first()
    if member is None:
        raise NotVisible
    return member


def _set_active(actor: Actor, membership: Membership, is_active: bool, reason: str) -> Membership:
    actor.require(Area.ACCESS, "write")
    with transaction.atomic(), system_scope(actor.organization, reason=reason):
        member = _locked_member(actor.organization, membership)
        member.is_active = is_active
        _require_an_administrator(member)
        member.save(update_fields=["is_active"])
    return member


def _require_an_administrator(changed: Membership) -> None:
    """Refuse a change after which nobody could give it back."""
    if changed.is_active and Role.ADMIN in changed.roles:
        return
    others = Membership.objects.exclude(pk=changed.pk).filter(
        is_active=True, roles__contains=[Role.ADMIN.value]
    )
    was_one = Membership.objects.filter(pk=changed.pk, is_active=True, roles__contains=[Role.ADMIN.value])
    if was_one.exists() and not others.exists():
        raise Conflict(
            "last_administrator",
            "This is the organisation's only active administrator. Make somebody else one first.",
        )


def _find_or_create_user(address: str, password: str | None) -> User:
    with system_scope(reason="invited"):
        user = User.objects.filter(email=address).first()
        if user is None:
            try:
                with transaction.atomic():
                    return User.objects.create_user(address, password)
            except IntegrityError:  # invited elsewhere at this very moment
                user = User.objects.get(email=address)
        return user


def _checked_email(email: str) -> str:
    address = email_key(email)
    try:
        validate_email(address)
    except ValidationError:
        raise _refusal("email", "invalid", "Write an e-mail address such as asha@example.com.") from None
    return address


def _check_password(actor: Actor, password: str | None, address: str) -> None:
    if password is None:
        return
    if actor.membership is not None:
        raise _refusal("password", "not_allowed", "Leave the password out: the person chooses one by mail.")
    try:
        validate_password(password, User(email=address))
    except ValidationError as error:
        raise ValidationFailed(
            "invalid_password",
            " ".join(error.messages),
            {
                "password": [
                    FieldError(one.code or "invalid", " ".join(one.messages)) for one in error.error_list
                ]
            },
        ) from None


def _refusal(field: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed(f"invalid_{field}", message, {field: [FieldError(code, message)]})
