"""What the world is owed: messages written with the change they tell of, and the lanes they wait in.

The machinery is `core.outbox`.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.tenancy import OrganizationField, TenantModel


class MessageState(models.TextChoices):
    """A message waits until it is delivered, or until it has failed too often and somebody decides."""

    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    POISONED = "poisoned", _("Set aside")
    DISCARDED = "discarded", _("Discarded")


UNDELIVERED = (MessageState.WAITING, MessageState.POISONED, MessageState.DISCARDED)


class OutboxLane(TenantModel):
    """The messages of one aggregate for one consumer, delivered one after another in the order of their ids.

    Who publishes holds the lane's row until the commit, so that ids are in the order of the commits. A lane in
    which nothing waits has no `due_at`, and is removed by and by.
    """

    # None where the message belongs to no organisation, such as a mail about a forgotten password.
    organization = OrganizationField(null=True)  # type: ignore[assignment]
    consumer = models.CharField(max_length=80)
    aggregate = models.CharField(max_length=200, db_collation="C")
    # When a worker looks at the first message: at once, after a pause, or when a lease would be over.
    due_at = models.DateTimeField(null=True, blank=True)
    # Behind a message that was set aside, where its consumer says that the later ones wait.
    stopped = models.BooleanField(default=False)
    # The message that was taken last: no other of the lane is while its lease lasts.
    taken_id = models.BigIntegerField(null=True, blank=True)
    woken_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "consumer", "aggregate"],
                nulls_distinct=False,
                name="outbox_lane_once",
            )
        ]
        indexes = [
            # What workers and sweepers read: small however much was ever delivered.
            models.Index(fields=["due_at"], name="outbox_lane_due", condition=models.Q(due_at__isnull=False))
        ]
        verbose_name = _("outbox lane")
        verbose_name_plural = _("outbox lanes")

    def __str__(self) -> str:
        return f"{self.consumer}: {self.aggregate}"


class OutboxMessage(TenantModel):
    """One message to one consumer; its id is its place in the lane.

    `payload` holds ids rather than what they stand for: it is read by the consumer, and shown in the console.
    Who may write the row's outcome is decided by `token`, which grows each time a worker takes the message.
    """

    organization = OrganizationField(null=True)  # type: ignore[assignment]
    # The same at each attempt: by it a consumer knows a message that it has seen before.
    message_id = models.UUIDField(_("message"), default=uuid.uuid4, editable=False)
    topic = models.CharField(_("topic"), max_length=80)
    consumer = models.CharField(_("consumer"), max_length=80)
    aggregate = models.CharField(_("about"), max_length=200, db_collation="C")
    payload = models.JSONField(_("payload"), default=dict, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=MessageState.choices, default=MessageState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    # Of the last attempt.
    error = models.TextField(_("error"), blank=True)
    # [{"at": ISO time in UTC, "text": …}], the newest last, bounded: attempts that failed, and who decided what.
    log = models.JSONField(_("history"), default=list, blank=True)
    created_at = models.DateTimeField(_("written"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    # Stays when it is tried again: the message is then out of its order.
    poisoned_at = models.DateTimeField(_("set aside"), null=True, blank=True)
    # On whose behalf it is delivered.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    request_id = models.CharField(max_length=64, blank=True, editable=False)

    # Of a message that waits. No key: an idle lane goes, and delivered messages stay a while.
    lane_id = models.BigIntegerField(editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    token = models.BigIntegerField(default=0, editable=False)
    worker = models.CharField(_("worker"), max_length=200, blank=True, editable=False)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        indexes = [
            # The first message of a lane.
            models.Index(
                fields=["lane_id", "id"], name="outbox_waiting", condition=models.Q(state="waiting")
            ),
            # What the console shows.
            models.Index(
                fields=["organization", "-id"],
                name="outbox_undelivered",
                condition=models.Q(state__in=("waiting", "poisoned", "discarded")),
            ),
            # What is purged.
            models.Index(
                fields=["organization", "delivered_at"],
                name="outbox_delivered",
                condition=models.Q(state="delivered"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} · {self.aggregate}"
