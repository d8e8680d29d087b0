"""Messages that must not get lost: mails, deliveries, live updates, recalculations.

A service that owes the world something says so in the transaction of its write:

    publish(topic="leads.created", aggregate=f"lead:{lead.pk}", payload={"lead": lead.pk})

and whoever wants to know registers a consumer in `<app>/consumers.py`, which every process finds by itself:

    @consumer("leads.created", "leads.changed", name="leads.webhooks")
    def tell_webhooks(delivery: Delivery) -> None: ...

The message commits or vanishes with the write. Celery is the wake-up; a sweeper finds messages whose wake-up was
lost, and a message whose worker was killed is taken over when its lease is over. What holds:

- **Order.** To one consumer the messages of one aggregate are delivered one after another, in the order in which
  their transactions committed; other aggregates go on meanwhile.
- **At least once.** A consumer may see a message again, under the same `delivery.message_id`: it must not mind.
- **Exactly once in our own database.** A consumer runs in a transaction, and what it writes commits with the mark
  that the message is delivered. Consumers of the world outside (`external=True`) run outside of any transaction.
- **Poison.** A consumer that fails is tried again after a growing pause; after `tries` attempts, or at once when it
  raises `Undeliverable`, the message is set aside and shown in the console. Later messages of its aggregate go on,
  unless the consumer is registered with `after_poison=AfterPoison.WAIT`.

Publish after the writes: whoever publishes holds the aggregate's lane until the commit, and many aggregates are
best published by one `publish_many`.
"""

from core.outbox.publishing import publish, publish_many
from core.outbox.registry import AfterPoison, Delivery, Undeliverable, consumer

__all__ = ["AfterPoison", "Delivery", "Undeliverable", "consumer", "publish", "publish_many"]
