"""Opening and changing organisations."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.models import Organization
from core.scope import current_organization_id, system_scope

CHANGEABLE = ("name", "currency", "timezone", "locale")
TimezoneFollower = Callable[[Organization], None]
_followers: list[TimezoneFollower] = []


def register_timezone_follower(follow: TimezoneFollower) -> None:
    """Register what follows, in the same transaction, when an organisation's days begin at another time."""
    if follow not in _followers:
        _followers.append(follow)


def create_organization(
    *,
    slug: str,
    name: str,
    currency: str = "INR",
    timezone: str = "Asia/Kolkata",
    locale: str = "en-IN",
    reason: str = "create organisation",
) -> Organization:
    """Open an organisation without anybody in it. Only the operator of the installation does this.

    Raises:
        ValidationFailed: a value is not allowed; by field.
        Conflict: the slug is taken.
    """
    organization = Organization(
        slug=slug, name=name.strip(), currency=currency, timezone=timezone, locale=locale
    )
    with system_scope(reason=reason):
        _validate(organization)
        try:
            with transaction.atomic():
                organization.save(force_insert=True)
        except IntegrityError:
            raise Conflict(
                "organization_exists",
                f"An organisation “{slug}” exists already. Choose another short name.",
                {"slug": [FieldError("unique", "Taken. Choose another short name.")]},
            ) from None
    return organization


def change_organization(*, organization: Organization, **changes: Any) -> Organization:
    """Change the settings of the organisation in force: name, currency, timezone, locale.

    The caller has checked who asks: roles are not known here.

    Raises:
        NotVisible: it is not the organisation in force.
        ValidationFailed: a value is not allowed, or the setting cannot be changed; by field.
    """
    if organization.pk != current_organization_id():
        raise NotVisible
    if fixed := sorted(set(changes) - set(CHANGEABLE)):
        raise ValidationFailed(
            "fixed_setting",
            f"These settings never change: {', '.join(fixed)}.",
            {name: [FieldError("fixed", "This setting never changes.")] for name in fixed},
        )
    timezone_before = organization.timezone
    for name, value in changes.items():
        setattr(organization, name, value.strip() if isinstance(value, str) else value)
    _validate(organization)
    with transaction.atomic():
        organization.save(update_fields=list(changes))
        for follow in _followers if organization.timezone != timezone_before else ():
            follow(organization)
    return organization


def _validate(organization: Organization) -> None:
    try:
        organization.clean_fields()
    except ValidationError as error:
        raise ValidationFailed(
            "invalid_organization",
            "The organisation cannot be saved: " + " ".join(error.messages),
            {
                name: [
                    FieldError(problem.code or "invalid", " ".join(problem.messages)) for problem in problems
                ]
                for name, problems in error.error_dict.items()
            },
        ) from None
