"""Consumers for the tests with real workers, which load this module by `--include`."""

import os
import signal
import time

from django.db import connection

from core.outbox import Delivery, consumer
from core.outbox.mail import Mail, mail

NOTED = "INSERT INTO faults_noted (aggregate, number, message_id, pid) VALUES (%s, %s, %s, %s)"


@consumer("faults.note")
def note(delivery: Delivery) -> None:
    """Note the message in our own database, slowly where it says so."""
    with connection.cursor() as cursor:
        values = [delivery.aggregate, delivery.payload["n"], delivery.message_id, os.getpid()]
        cursor.execute(NOTED, values)
    time.sleep(delivery.payload.get("seconds", 0))


@consumer("faults.kill", tries=3)
def kill_the_worker(delivery: Delivery) -> None:
    """Die like a consumer that is killed for its memory."""
    os.kill(os.getpid(), signal.SIGKILL)


@mail("faults.letter")
def letter(delivery: Delivery) -> Mail:
    """A mail to whom the message names."""
    return Mail(delivery.payload["to"], "Hello", "From the faults.")
