"""Writing form links: made, changed, paused, ended, and given a new address."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import assignable_members
from accounts.roles import Area
from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.rules.values import is_storable_text
from core.scope import organization_scope
from leads.fields.asked import ASKED_BY_CHOICE, askable_items, required_but_never_asked
from leads.fields.line import line_definition
from leads.models import Accent, BusinessLine, Campaign, ConsentText, FormLink, FormLinkState, Source

TOKEN_BYTES = 24
LONGEST = {
    "title": 120,
    "introduction": 2_000,
    "thank_you": 2_000,
    "consent_purpose": 200,
    "consent_text": 2_000,
}
LONGEST_ADDRESS = 500
MOST_ORIGINS = 20
MOST_FILES = 5
MOST_A_DAY = 1_000_000
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
# Where one tries out a page of one's own.
OWN_MACHINE = ("localhost", "127.0.0.1")
CHANGEABLE = (
    *LONGEST,
    "source",
    "campaign",
    "owner",
    "redirect_url",
    "accent",
    "field_keys",
    "expires_at",
    "daily_cap",
    "embed_origins",
)


def create_form_link(
    *,
    actor: Actor,
    line: BusinessLine,
    source: Source,
    title: str,
    reason: str = "",
    may_be_over: bool = False,
    **settings: Any,
) -> FormLink:
    """Make a form for a line; everything beside line, source and title has a default (`CHANGEABLE`).

    With `may_be_over` its last day may lie behind: one that is brought from elsewhere as it was there.

    Raises:
        NotPermitted: the actor may not configure.
        ValidationFailed: a setting is not allowed; by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "form link made"):
        link = FormLink(organization=actor.organization, line=_checked_line(line), token=_new_token())
        if may_be_over:
            link.expires_at = settings.get("expires_at")
        _apply(actor, link, {"source": source, "title": title, **settings})
        link.save(force_insert=True)
        _keep_consent(link)
    return link


def update_form_link(*, actor: Actor, link: FormLink, reason: str = "", **changes: Any) -> FormLink:
    """Change settings of a form (`CHANGEABLE`), in force at once. Another consent is a new version of it.

    Raises: as `create_form_link`; NotVisible where the form is gone.
    """
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "form link changed"):
        locked = _locked(actor, link)
        _apply(actor, locked, changes)
        locked.save()
        _keep_consent(locked)
    return locked


def pause_form_link(*, actor: Actor, link: FormLink, reason: str = "") -> FormLink:
    """Take no enquiries through a form for a while. Raises: NotPermitted, NotVisible; Conflict for one that ended."""
    return _set_state(actor, link, FormLinkState.PAUSED, reason or "form link paused")


def resume_form_link(*, actor: Actor, link: FormLink, reason: str = "") -> FormLink:
    """Take enquiries through a paused form again. Raises: as `pause_form_link`."""
    return _set_state(actor, link, FormLinkState.ACTIVE, reason or "form link resumed")


def end_form_link(*, actor: Actor, link: FormLink, reason: str = "") -> FormLink:
    """End a form for good; what came in through it stays. Raises: as `pause_form_link`."""
    return _set_state(actor, link, FormLinkState.ENDED, reason or "form link ended")


def rotate_form_link(*, actor: Actor, link: FormLink, reason: str = "") -> FormLink:
    """Draw a new address for a form; the old one leads nowhere from now on. Raises: as `pause_form_link`."""
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "form link rotated"):
        locked = _locked(actor, link)
        _refuse_ended(locked)
        locked.token = _new_token()
        locked.save(update_fields=["token"])
    return locked


def _new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _locked(actor: Actor, link: FormLink) -> FormLink:
    actor.require(Area.CONFIGURATION, "write")
    row = FormLink.objects.select_for_update(no_key=True, of=("self",)).select_related("line")
    found = row.filter(pk=link.pk).first()
    if found is None:
        raise NotVisible
    return found


def _set_state(actor: Actor, link: FormLink, state: FormLinkState, reason: str) -> FormLink:
    with transaction.atomic(), organization_scope(actor.organization, reason=reason):
        locked = _locked(actor, link)
        if locked.state != state:
            _refuse_ended(locked)
            locked.state = state
            locked.save(update_fields=["state"])
    return locked


def _refuse_ended(link: FormLink) -> None:
    if link.state == FormLinkState.ENDED:
        raise Conflict("form_link_ended", "This form has ended for good. Make a new one.")


def _keep_consent(link: FormLink) -> None:
    """Keep the words that people agree to from now on as a version of their own, unless they are the last one's."""
    last = ConsentText.objects.filter(form_link=link).order_by("-number").first()
    said = (link.consent_purpose, link.consent_text)
    if not link.consent_text:
        number = 0
    elif last is not None and (last.purpose, last.text) == said:
        number = last.number
    else:
        number = last.number + 1 if last else 1
        ConsentText(
            organization_id=link.organization_id,
            form_link=link,
            number=number,
            purpose=said[0],
            text=said[1],
        ).save(force_insert=True)
    if link.consent_number != number:
        link.consent_number = number
        link.save(update_fields=["consent_number"])


def _apply(actor: Actor, link: FormLink, changes: dict[str, Any]) -> None:
    """Put checked settings into a form. Raises ValidationFailed with every problem by setting."""
    problems: dict[str, list[FieldError]] = {}
    for name, value in changes.items():
        try:
            setattr(link, name, _checked(actor, link, name, value))
        except ValidationFailed as error:
            problems |= error.fields
    if not problems and bool(link.consent_text) != bool(link.consent_purpose):
        missing = "consent_purpose" if link.consent_text else "consent_text"
        message = "Say both: what people agree to, word for word, and what it is for."
        problems[missing] = [FieldError("required", message)]
    if problems:
        raise ValidationFailed("invalid", "Some settings need a correction.", problems)


def _checked(actor: Actor, link: FormLink, name: str, value: Any) -> Any:
    if name in LONGEST:
        return _checked_text(name, value)
    match name:
        case "source" | "campaign":
            return _checked_origin(name, value)
        case "owner":
            return _checked_owner(actor, value)
        case "redirect_url":
            return _checked_address(value)
        case "accent":
            return _checked_accent(value)
        case "field_keys":
            return _checked_keys(link.line, value)
        case "expires_at":
            return _checked_end(link, value)
        case "daily_cap":
            return _checked_cap(value)
        case "embed_origins":
            return _checked_origins(value)
    raise _refusal(name, "fixed", f"{name} never changes, or is no setting of a form.")


def _checked_line(line: BusinessLine) -> BusinessLine:
    found = BusinessLine.objects.filter(pk=line.pk).first()
    if found is None or not found.version:
        raise _refusal("line", "invalid", "Choose a business line that is published.")
    if missing := required_but_never_asked(line_definition(found)):
        labels = ", ".join(item.label for item in missing)
        message = f"No lead of {found.name} can be written without {labels}, which a public form may not ask."
        raise _refusal("line", "not_askable", message)
    return found


def _checked_text(name: str, value: Any) -> str:
    text = str(value or "").replace("\r\n", "\n").strip()
    if not is_storable_text(text):
        raise _refusal(name, "invalid", "This text holds characters that cannot be stored.")
    if name == "title" and not text:
        raise _refusal(name, "required", "Write what stands above the form.")
    if len(text) > LONGEST[name]:
        raise _refusal(name, "max_length", f"Write at most {LONGEST[name]:,} characters.")
    return text


def _checked_origin(name: str, value: Source | Campaign | None) -> Source | Campaign | None:
    if value is None and name == "campaign":
        return None
    model = Source if name == "source" else Campaign
    found = model.objects.filter(pk=value.pk).first() if value is not None else None
    if found is None:
        raise _refusal(name, "required", f"Choose a {name}.")
    return found


def _checked_owner(actor: Actor, value: Membership | None) -> Membership | None:
    if value is None:
        return None
    found = assignable_members(actor).filter(pk=value.pk).first()
    if found is None:
        raise _refusal("owner", "invalid", "Choose somebody who works with leads.")
    return found


def _checked_accent(value: Any) -> str:
    if value not in Accent.values:
        raise _refusal("accent", "invalid", f"Choose one of {', '.join(Accent.values)}.")
    return str(value)


def _checked_address(value: Any) -> str:
    text = str(value or "").strip()
    if not text:
        return ""
    if len(text) > LONGEST_ADDRESS or not text.isascii() or not text.isprintable() or " " in text:
        raise _refusal("redirect_url", "invalid", "Write an address such as https://www.example.com/thanks.")
    if _origin(text, others=()) is None:
        message = "Write a whole address that begins with https://, such as https://www.example.com/thanks."
        raise _refusal("redirect_url", "invalid", message)
    return text


def _checked_origins(values: Iterable[Any]) -> list[str]:
    origins = []
    for value in values or ():
        origin = _origin(str(value).strip().rstrip("/"), others=OWN_MACHINE)
        if origin is None:
            message = f"{value} is no web site. Write one a line, such as https://www.example.com."
            raise _refusal("embed_origins", "invalid", message)
        origins.append(origin)
    unique = list(dict.fromkeys(origins))
    if len(unique) > MOST_ORIGINS:
        raise _refusal("embed_origins", "max", f"Write at most {MOST_ORIGINS} web sites.")
    return unique


def _origin(text: str, *, others: tuple[str, ...]) -> str | None:
    """The origin of an address by https (by http too on `others`); None where it has none, or hides a name in it."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and host in others)
    if not is_secure or "@" in parts.netloc or not HOST.fullmatch(host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def origin_of(address: str) -> str:
    """Return the origin of an address that was checked, for a policy; "" where there is none."""
    return _origin(address, others=()) or ""


def _checked_keys(line: BusinessLine, values: Iterable[Any]) -> list[str]:
    keys = list(dict.fromkeys(str(each) for each in values or ()))
    askable = {item.key: item for item in askable_items(line_definition(line))}
    if unknown := [key for key in keys if key not in askable]:
        message = f"A public form of {line.name} cannot ask {', '.join(unknown)}."
        raise _refusal("field_keys", "unknown_field", message)
    if sum(askable[key].type in ASKED_BY_CHOICE for key in keys) > MOST_FILES:
        raise _refusal("field_keys", "max", f"Ask at most {MOST_FILES} files in one form.")
    return keys


def _checked_end(link: FormLink, value: datetime | None) -> datetime | None:
    if value is not None and value != link.expires_at and value <= timezone.now():
        raise _refusal("expires_at", "invalid", "Choose a moment to come, or end the form by its button.")
    return value


def _checked_cap(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if not isinstance(value, int) or not 1 <= value <= MOST_A_DAY:
        raise _refusal("daily_cap", "invalid", f"Write a number from 1 to {MOST_A_DAY:,}.")
    return value


def _refusal(name: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed("invalid", message, {name: [FieldError(code, message)]})
