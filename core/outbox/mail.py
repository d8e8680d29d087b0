"""E-mail that is owed: written down with the change it tells of, made and sent by a worker.

A message names what the mail is about; its text, with whatever secret link it holds, is made when it is sent and
stored nowhere. A server that cannot be reached is tried again for about a day and a half. A recipient whom the
server refuses for good goes to the poison queue.

The server may have taken a mail whose delivery could not be noted any more. It is then sent once more, under the
same Message-ID, by which mailboxes know it for the same.
"""

import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from core.errors import ApplicationError
from core.outbox.publishing import publish
from core.outbox.registry import Delivery, Undeliverable, consumer
from core.outbox.wording import without_personal_data

log = structlog.get_logger("leadledger.mail")

TRIES = 40
PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as plain text, and perhaps the same as HTML. `to` is one address; the sender comes from the settings.

    `headers` are further ones, such as where to unsubscribe.
    """

    to: str
    subject: str
    body: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


MailMaker = Callable[[Delivery], Mail | None]


def mail(topic: str, *, forgets_payload: bool = False) -> Callable[[MailMaker], MailMaker]:
    """Register a function that makes the mail of a topic's message, or None where it need not be sent any more.

    It runs in the organisation's scope when the mail is sent, at each attempt anew.
    """

    def register(make: MailMaker) -> MailMaker:
        @consumer(topic, external=True, tries=TRIES, forgets_payload=forgets_payload)
        def send(delivery: Delivery) -> None:
            made = make(delivery)
            if made is None:
                log.info("mail_not_needed")
            else:
                _send(made, delivery)

        return make

    return register


def send_mail_later(*, topic: str, aggregate: str, payload: Mapping[str, Any]) -> None:
    """Owe a mail, in the transaction of what it tells of. Arguments and errors as of `publish`.

    Mails of one aggregate, such as user:5, are sent one after another.
    """
    publish(topic=topic, aggregate=aggregate, payload=payload)


def _send(made: Mail, delivery: Delivery) -> None:
    message = EmailMultiAlternatives(
        made.subject,
        made.body,
        settings.DEFAULT_FROM_EMAIL,
        [made.to],
        headers={**made.headers, "Message-ID": _message_id(delivery), "Auto-Submitted": "auto-generated"},
    )
    if made.html:
        message.attach_alternative(made.html, "text/html")
    connection = get_connection()
    try:
        connection.open()
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as refusal:
        raise _refused(*next(iter(refusal.recipients.values()))) from refusal
    except smtplib.SMTPDataError as refusal:
        raise _refused(refusal.smtp_code, refusal.smtp_error) from refusal
    except (smtplib.SMTPException, OSError) as trouble:
        words = without_personal_data(str(trouble))
        raise ApplicationError(
            "mail_not_sent", f"The mail server did not take it: {type(trouble).__name__}: {words}"
        ) from trouble
    finally:
        _close(connection)


def _message_id(delivery: Delivery) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{delivery.message_id}@{domain}>"


def _refused(code: int, answer: bytes | str) -> ApplicationError:
    """What a refusal of the recipient or the text becomes: for good from 500 on, for now below."""
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    told = f"The mail server refuses it: {code} {without_personal_data(words)}"
    return Undeliverable(told) if code >= PERMANENT else ApplicationError("mail_not_sent", told)


def _close(connection: Any) -> None:
    """Say good-bye. That a server does not answer it takes back nothing that it has accepted."""
    try:
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        log.info("mail_server_left_early", error=type(error).__name__)
