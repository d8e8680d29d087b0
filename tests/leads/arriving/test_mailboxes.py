"""Messages of a watched mailbox, on a real server: read once, their tables taken, marked and moved."""

import datetime as dt
import ipaddress
import ssl
from email.message import EmailMessage
from unittest.mock import Mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import DataError, OperationalError, connection

from core.errors import ValidationFailed
from core.models import Intake, OutboxMessage
from core.network import is_public
from core.scope import system_scope
from leads.models import Arrival, Lead, PlaceLook, WatchedPlace
from leads.services.arriving import create_watched_place, looking, update_watched_place
from leads.services.arriving import mailbox as mailboxes
from leads.services.arriving.looking import look_at
from leads.services.arriving.messages import is_allowed, read_letter
from leads.services.arriving.telling import TOPIC
from tests.leads.arriving.imap_server import HOST, ImapServer


@pytest.fixture
def server():
    with ImapServer() as made:
        yield made


@pytest.fixture(autouse=True)
def private(settings):
    settings.MAILBOX_PRIVATE_HOSTS = True


def mailbox(watch, server, **settings):
    given = {
        "name": "Leads by mail", "host": HOST, "port": server.port, "security": "none", "username": server.user,
        "password": server.password, "allowed_senders": ["ravi@partner.example", "@bank.example"],
        "source": watch.desk.source, **settings,
    }  # fmt: skip
    return create_watched_place(actor=watch.desk.operations, kind="mailbox", line=watch.desk.line, **given)


def letter(content=b"", name="people.csv", sender="Ravi <Ravi@partner.example>", number=1):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "leads@ours.example", "Leads of today"
    message["Message-ID"] = f"<{number}@partner.example>"
    message.set_content("Please find them attached.")
    if content:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def test_tables_are_taken_and_messages_moved_once(watch, server):
    watch.know()
    place = mailbox(watch, server, done_mailbox="Done")
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "x@bank.example", "Two", "<2@bank.example>"
    message.set_content("Two files")
    for number in range(2):
        message.add_attachment(
            watch.people(2), maintype="text", subtype="csv", filename=f"../../etc/part{number}.csv"
        )
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    server.put(letter(watch.people(3)))
    server.put(message.as_bytes(policy=message.policy.clone(linesep="\r\n")))
    assert look_at(place.pk) == 3
    assert PlaceLook.objects.get().error == ""
    assert server.mailboxes["INBOX"] == [] and len(server.mailboxes["Done"]) == 2
    watch.run_jobs()
    assert Lead.objects.filter(source=watch.desk.source).count() == 7
    assert watch.arrivals() == [
        ("people.csv", "loading", ""), ("part0.csv", "loading", ""), ("part1.csv", "loading", ""),
    ]  # fmt: skip
    first = Arrival.objects.order_by("pk").first()
    assert (first.sender, first.subject) == ("ravi@partner.example", "Leads of today")
    assert "ravi@partner.example" in Intake.objects.get(pk=first.intake_id).notices[-1]["message"]
    assert look_at(place.pk) == 0 and not any(
        server.password in line for line in server.said if "LOGIN" not in line
    )


@pytest.mark.parametrize("capabilities", ["IMAP4rev1", "IMAP4rev1 UIDPLUS"])
def test_a_server_that_moves_nothing_copies_and_marks(watch, server, capabilities):
    server.capabilities = capabilities
    place = mailbox(watch, server, done_mailbox="Done")
    stored = server.put(letter(watch.people(2)))
    assert look_at(place.pk) == 1
    assert server.mailboxes["Done"] == [stored] and "\\Deleted" in stored.flags
    assert server.mailboxes["INBOX"] == ([] if "UIDPLUS" in capabilities else [stored])


def test_what_holds_nothing_for_us_is_told_to_operations_and_marked(watch, server, settings):
    settings.MAILBOX_MAX_BYTES = 20_000
    place = mailbox(watch, server)
    kept = [
        server.put(letter(number=1)),
        server.put(letter(watch.people(), number=2, sender="Eve <eve@elsewhere.example>")),
        server.put(letter(watch.people(), number=3, sender='"ravi@partner.example" <eve@elsewhere.example>')),
        server.put(letter(b"x" * 30_000, number=4)),
        server.put(b"no message at all"),
    ]
    assert look_at(place.pk) == 0
    codes = [code for _name, _state, code in watch.arrivals()]
    assert codes == ["no_table", "sender", "sender", "message_too_large", "sender"]
    assert all("\\Seen" in each.flags for each in kept) and not Intake.objects.exists()
    # The message that is too large was not fetched whole.
    assert not any("FETCH 4 (BODY.PEEK[])" in line for line in server.said)
    assert look_at(place.pk) == 0 and Arrival.objects.count() == 5


def test_a_worker_that_is_lost_before_it_marks_a_message_takes_it_once(watch, server, monkeypatch):
    watch.know()
    place = mailbox(watch, server)
    stored = server.put(letter(watch.people(2)))

    class Killed(BaseException):
        pass

    def lost(*arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(mailboxes, "_put_away", lost)
        with pytest.raises(Killed):
            look_at(place.pk)
    assert "\\Seen" not in stored.flags
    look_at(place.pk)
    assert "\\Seen" in stored.flags
    arrival = Arrival.objects.get()
    assert (arrival.times, arrival.is_put_away) == (1, True)
    # The same message once more, by another way.
    server.put(stored.raw)
    look_at(place.pk)
    assert Arrival.objects.get().times == 2 and Intake.objects.exclude(load_job=None).count() == 1


def test_the_password_is_kept_encrypted_and_never_sent_to_another_server(watch, server):
    place = mailbox(watch, server)
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT password FROM leads_watchedplace WHERE id = %s", [place.pk])
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT * FROM leads_historicalwatchedplace")
        names = [column.name for column in cursor.description]
    assert stored and server.password not in stored and "password" not in names
    actor = watch.desk.operations
    with pytest.raises(ValidationFailed) as refused:
        update_watched_place(actor=actor, place=place, host="localhost")
    assert list(refused.value.fields) == ["password"]
    assert update_watched_place(actor=actor, place=place, mailbox="Done").mailbox == "Done"
    wrong = update_watched_place(actor=actor, place=place, password="wrong word")
    look_at(wrong.pk)
    error = PlaceLook.objects.get().error
    assert "does not let the user in" in error and "wrong word" not in error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "::1", "0.0.0.0"])
def test_machines_of_private_networks_are_not_connected_to(watch, server, settings, host):
    settings.MAILBOX_PRIVATE_HOSTS = False
    with pytest.raises(ValidationFailed) as refused:
        mailbox(watch, server, host=host, security="tls")
    assert [each.code for each in refused.value.fields["host"]] == ["private_host"]
    with pytest.raises(ValidationFailed) as plain:
        mailbox(watch, server, host=host)
    assert set(plain.value.fields) == {"host", "security"}


def test_a_name_that_leads_elsewhere_by_now_is_judged_again(watch, server, settings):
    place = mailbox(watch, server, host="localhost", security="tls")
    settings.MAILBOX_PRIVATE_HOSTS = False
    assert look_at(place.pk) == 0
    assert "private network" in PlaceLook.objects.get().error and server.said == []


def test_all_that_is_wrong_is_told(watch, server):
    with pytest.raises(ValidationFailed) as refused:
        mailbox(
            watch, server, password="", port=0, username="", mailbox='IN"BOX', allowed_senders=["nobody"],
            security="rot13",
        )  # fmt: skip
    assert set(refused.value.fields) == {
        "password", "port", "username", "mailbox", "allowed_senders", "security",
    }  # fmt: skip


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_ways_are_checked(watch, settings, tmp_path, security):
    chain, authority = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with ImapServer(certificate=context, is_encrypted_at_once=security == "tls") as server:
        place = mailbox(watch, server, security=security)
        server.put(letter(watch.people(2)))
        assert look_at(place.pk) == 0, "nobody vouches for it"
        assert not any("LOGIN" in line for line in server.said)
        settings.MAILBOX_CA_FILE = str(authority)
        assert look_at(place.pk) == 1
        assert PlaceLook.objects.get().error == ""


def test_a_server_that_is_away_or_answers_nonsense_is_told(watch, server):
    place = mailbox(watch, server)
    server.before_telling = lambda stored: 1 / 0
    server.put(letter(watch.people(2)))
    assert look_at(place.pk) == 0
    assert PlaceLook.objects.get().error and PlaceLook.objects.get().lease_until is None
    WatchedPlace.objects.filter(pk=place.pk).update(port=1)
    assert look_at(place.pk) == 0 and "cannot be reached" in PlaceLook.objects.get().error
    assert looking._claim(place.pk)


def test_senders_and_broken_messages_are_read_without_raising():
    assert is_allowed("a@bank.example", ["@bank.example"]) and is_allowed("a@b.example", ["a@b.example"])
    assert not is_allowed("a@sub.bank.example", ["@bank.example"]) and not is_allowed("", ["@"])
    several = read_letter(b"From: a@b.example\r\nFrom: c@d.example\r\n\r\nx")
    assert several.sender == ""
    for raw in (
        b"",
        b"\xff\xfe",
        b"Subject: =?x?Q?=\r\n",
        b"Content-Type: multipart/mixed\r\n\r\n--",
        b"From: @@",
    ):
        assert read_letter(raw).attachments == []


def test_a_hostile_message_holds_nobody_up(watch, server):
    watch.know()
    place = mailbox(watch, server)
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (each, each)
        for each in range(3_000)
    )
    server.put(b"From: ravi@partner.example\r\n" + deep)
    server.put(letter(watch.people(2)))
    assert look_at(place.pk) == 1
    assert [(state, code) for _name, state, code in watch.arrivals()] == [
        ("failed", "unreadable"),
        ("loading", ""),
    ]
    # Its sender is one of ours: operations are told, so that no file is lost without a word.
    assert OutboxMessage.objects.filter(topic=TOPIC).count() == 1
    assert PlaceLook.objects.get().error == ""


def test_what_of_a_message_cannot_be_read_is_named_beside_what_can(watch, server):
    watch.know()
    place = mailbox(watch, server)
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "x@bank.example", "Three", "<3@bank.example>"
    message.set_content("Three files")
    for name, content in (("people.csv", watch.people(2)), ("empty.csv", b""), ("gone.xlsx", b"")):
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    server.put(message.as_bytes(policy=message.policy.clone(linesep="\r\n")))
    assert look_at(place.pk) == 1
    assert [(state, code) for _name, state, code in watch.arrivals()] == [
        ("loading", ""),
        ("failed", "left_out"),
    ]
    assert "empty.csv, gone.xlsx" in Arrival.objects.get(code="left_out").reason
    assert OutboxMessage.objects.filter(topic=TOPIC).count() == 1
    assert look_at(place.pk) == 0 and Arrival.objects.count() == 2


def test_who_is_not_allowed_sends_operations_no_mail(watch, server, settings):
    place = mailbox(watch, server)
    server.put(letter(watch.people(), sender="eve@elsewhere.example", number=1))
    look_at(place.pk)
    assert Arrival.objects.get().code == "sender" and not OutboxMessage.objects.filter(topic=TOPIC).exists()
    server.put(letter(number=2))
    look_at(place.pk)
    assert OutboxMessage.objects.filter(topic=TOPIC).count() == 1
    settings.MAILBOX_MAX_BYTES = 200
    server.put(letter(b"x" * 500, sender="eve@elsewhere.example", number=9))
    look_at(place.pk)
    assert Arrival.objects.latest("pk").code == "sender"
    assert OutboxMessage.objects.filter(topic=TOPIC).count() == 1


def test_which_addresses_are_of_the_world():
    assert is_public("93.184.216.34") and is_public("2606:4700::1111")
    for private in (
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "fe80::1%eth0", "fc00::1", "100.64.0.1", "224.0.0.1",
    ):  # fmt: skip
        assert not is_public(private), private


@pytest.mark.parametrize("trouble", [ZeroDivisionError, DataError])
def test_what_nobody_expected_stands_beside_the_place_and_stops_no_other(watch, server, monkeypatch, trouble):
    place, folder = mailbox(watch, server), watch.folder()
    watch.drop(watch.people())
    monkeypatch.setattr(looking, "look_into_mailbox", Mock(side_effect=trouble))
    for _ in range(2):
        looking.look_at_every_place()
    assert "nobody expected" in PlaceLook.objects.get(place=place).error
    assert Arrival.objects.get().place_id == folder.pk


def test_a_look_that_is_broken_off_says_nothing_new_of_the_place(watch, server, monkeypatch):
    place = mailbox(watch, server)
    monkeypatch.setattr(looking, "look_into_mailbox", Mock(side_effect=[OSError, OperationalError]))
    look_at(place.pk)
    before = PlaceLook.objects.get()
    with pytest.raises(OperationalError):
        look_at(place.pk)
    after = PlaceLook.objects.get()
    assert after.lease_until is None and "cannot be reached" in after.error
    assert (after.error, after.failing_since) == (before.error, before.failing_since)


def _certificate(folder):
    """A certificate for 127.0.0.1 that signs itself: (with its key, by itself)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = made.public_bytes(serialization.Encoding.PEM)
    private_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain, authority = folder / "chain.pem", folder / "authority.pem"
    chain.write_bytes(private_key + written)
    authority.write_bytes(written)
    return chain, authority
