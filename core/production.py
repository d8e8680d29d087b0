"""What must not be so where strangers can reach LeadLedger: checks, and the refusal to start.

They are Django's deployment checks and ours beside them, so `manage.py check --deploy` shows all of them anywhere.
Web server, worker and scheduler run them first when `PRODUCTION` is on, and end if one complains.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.checks import WARNING, CheckMessage, Error, Tags, register, run_checks

from core.site_address import host_of, is_this_machine

PLACEHOLDERS = ("change", "replace", "secret", "example", "your", "django-insecure-")
NOT_HTTPS = "leadledger.E004"
# Django's words for what follows from it: no HSTS, cookies that are not secure.
OF_NOT_HTTPS = ("security.W004", "security.W012", "security.W016")
MAIL_THAT_IS_WRITTEN_DOWN = ("console", "filebased", "locmem")

Check = Callable[[], CheckMessage | None]


def refuse_insecure_settings() -> None:
    """Do nothing where `PRODUCTION` is off or all is well.

    Raises:
        SystemExit: some value is not fit for production; the text says which, and what to do.
    """
    if not settings.PRODUCTION:
        return
    complaints = {
        message.id: message
        for message in run_checks(tags=[Tags.security], include_deployment_checks=True)
        if message.level >= WARNING and not message.is_silenced()
    }
    if NOT_HTTPS in complaints:
        for consequence in OF_NOT_HTTPS:
            complaints.pop(consequence, None)
    if complaints:
        raise SystemExit(_in_words(complaints.values()))


def _in_words(complaints: Iterable[CheckMessage]) -> str:
    lines = ["LeadLedger does not start with these settings:"]
    for complaint in complaints:
        lines.append(f"  - {complaint.msg} ({complaint.id})")
        if complaint.hint:
            lines.append(f"    {complaint.hint}")
    lines.append(
        "Settings are described in docs/settings.md. On a machine that nobody else can reach, PRODUCTION=false"
        " lets it start as it is."
    )
    return "\n".join(lines)


@register(Tags.security, deploy=True)
def check_production(**kwargs: Any) -> list[CheckMessage]:
    """Return what is not fit for production in the values that are ours."""
    return [message for check in CHECKS if (message := check())]


def _debug() -> CheckMessage | None:
    if not settings.DEBUG:
        return None
    return Error(
        "DEBUG is on: errors would show code and values to everybody.",
        hint="Remove DEBUG from the environment.",
        id="leadledger.E001",
    )


def _secret_key() -> CheckMessage | None:
    making = "Make one with `openssl rand -base64 48` and give it to web, worker and beat alike."
    if not settings.SECRET_KEY_GIVEN:
        return Error(
            "SECRET_KEY is not set: every process would sign with a key of its own.",
            hint=making,
            id="leadledger.E002",
        )
    if settings.SECRET_KEY.lower().startswith(PLACEHOLDERS):
        return Error("SECRET_KEY is a placeholder.", hint=making, id="leadledger.E003")
    return None


def _site_url() -> CheckMessage | None:
    address = settings.SITE_URL
    if host_of(address) and address.startswith("https://"):
        return None
    return Error(
        f"SITE_URL is {address!r}: sessions and passwords would travel in the clear.",
        hint="Set it to the address people use, such as https://leads.example.com.",
        id=NOT_HTTPS,
    )


def _any_host() -> CheckMessage | None:
    if not {"*", "."} & set(settings.ALLOWED_HOSTS):
        return None
    return Error(
        "ALLOWED_HOSTS lets every name in: links in our mails could be made to lead elsewhere.",
        hint="List the names people use, such as leads.example.com.",
        id="leadledger.E005",
    )


def _own_host() -> CheckMessage | None:
    from django.http.request import validate_host

    host = host_of(settings.SITE_URL)
    if not host or validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        return None
    return Error(
        f"ALLOWED_HOSTS lacks {host}, the host of SITE_URL: no page would open.",
        hint=f"Add {host} to ALLOWED_HOSTS.",
        id="leadledger.E006",
    )


def _trusted_origins() -> CheckMessage | None:
    open_ones = [
        origin
        for origin in settings.CSRF_TRUSTED_ORIGINS
        if not origin.startswith("https://") or "//*" in origin
    ]
    open_ones = [origin for origin in open_ones if not is_this_machine(origin)]
    if not open_ones:
        return None
    return Error(
        f"CSRF_TRUSTED_ORIGINS trusts {', '.join(open_ones)}: whoever controls such an address could act as our users.",
        hint="List whole addresses that begin with https://.",
        id="leadledger.E007",
    )


def _servers() -> CheckMessage | None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not getattr(settings, name)]
    if not missing:
        return None
    return Error(
        f"{' and '.join(missing)} not set: the embedded servers are for trying out, on one machine.",
        hint="Name the servers, such as postgres://user:password@host:5432/leadledger and redis://host:6379/0.",
        id="leadledger.E008",
    )


def _mail() -> CheckMessage | None:
    if not any(f".{name}." in settings.EMAIL_BACKEND for name in MAIL_THAT_IS_WRITTEN_DOWN):
        return None
    return Error(
        "EMAIL_URL keeps mail on this machine: whoever reads the log could use its links to choose passwords.",
        hint="Set smtp+tls://user:password@host:587, or dummymail:// to send none.",
        id="leadledger.E009",
    )


CHECKS: tuple[Check, ...] = (
    _debug,
    _secret_key,
    _site_url,
    _any_host,
    _own_host,
    _trusted_origins,
    _servers,
    _mail,
)
