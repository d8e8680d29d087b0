"""The same call made twice has one effect: keys that callers choose, and the outcomes kept under them.

A key and its outcome commit with what the call wrote. While the first call runs, an advisory lock of its
transaction tells so; when it crashes, the database gives back the lock and takes back the rest.

    attempt = begin(sent)          # in the transaction of the call
    if attempt.outcome: …          # made before: tell it again
    else: attempt.keep(status, headers, answer)

Items of a batch have keys of their own (`core.idempotency.items`).
"""

from core.idempotency.calls import Attempt, begin
from core.idempotency.keys import Outcome, Sent, read_key

__all__ = ["Attempt", "Outcome", "Sent", "begin", "read_key"]
