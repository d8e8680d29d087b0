"""Many enquiries in one call: each is answered for itself."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from drf_spectacular.utils import extend_schema
from drf_standardized_errors.formatter import flatten_errors
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError

from accounts.actor import Actor
from accounts.roles import Area
from core.api.calls import Call
from core.api.credentials import credential_of
from core.api.errors import as_api_exception
from core.api.replays import KeptResponse
from core.errors import ApplicationError, TooLarge, ValidationFailed
from core.idempotency import Outcome, Sent, read_key
from core.idempotency.items import Claims, claim_items
from core.idempotency.keys import KeyReused
from leads.api import batch_documentation
from leads.api.data import DataOfLine
from leads.api.serializers import MOST_ITEMS, BatchItem, refuse_stage
from leads.api.views import REPEATS_OTHERS, actor_of
from leads.models import BusinessLine
from leads.queries.leads import visible_leads
from leads.queries.lines import usable_lines
from leads.services.batches import EnquiryResult, NewEnquiry, create_leads
from leads.services.recording import Result

STATUS_OF = {
    Result.CREATED: status.HTTP_201_CREATED,
    Result.UPDATED: status.HTTP_200_OK,
    Result.REPEAT: status.HTTP_409_CONFLICT,
}
ITEM_KEY = "idempotency_key"
# What stands for the address of an item: the same below every address of the batch.
ITEM_PATH = "leads/batch/item"
TOLD_BEFORE = "This was refused when the batch was first sent. Send the enquiry again to learn what is wrong."


class LeadBatchView(Call):
    """Many enquiries."""

    @extend_schema(**batch_documentation.CREATE_LEADS)
    def post(self, request: Request) -> Response:
        """Write down up to 1,000 enquiries; a bad one does not hurt the others."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "create")
        credential = credential_of(request._request)
        batch = _Batch(actor, _items_of(request.data), credential.id if credential else "")
        # The keys of the items commit with their leads.
        with transaction.atomic():
            batch.write()
        results = [item.told() for item in batch.items]
        return KeptResponse({**_counts(batch.items), "results": results}, kept=_kept(batch.items))

    def retell(self, request: Request, kept: Any) -> Any:
        """Name repeated leads to those alone who may still see them."""
        items = [_Item.of_kept(index, each) for index, each in enumerate(kept["results"])]
        _hide_references(actor_of(request), items)
        return {**_counts(items), "results": [item.told() for item in items]}


@dataclass(slots=True)
class _Item:
    """One enquiry on its way, and what became of it."""

    index: int
    given: Any
    key: str | None = None
    result: Result | None = None
    status: int = 0
    reference: str | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    replayed: bool = False

    @property
    def is_open(self) -> bool:
        return self.status == 0

    def refuse(self, error: APIException) -> None:
        """End with an error."""
        self.result, self.status = Result.REFUSED, error.status_code
        self.errors = [
            {"code": each.code, "detail": str(each.detail), "attr": each.attr}
            for each in flatten_errors(error.detail)
        ]

    def end(self, result: Result, reference: str | None) -> None:
        """End with a lead."""
        self.result, self.status, self.reference = result, STATUS_OF[result], reference
        if result is Result.REPEAT:
            detail = f"This lead exists as {reference}. The enquiry was counted there."
            told = {"code": "duplicate", "detail": detail} if reference else REPEATS_OTHERS
            self.errors = [{**told, "attr": None}]

    def told(self) -> dict[str, Any]:
        """The result as it is answered."""
        return {
            "index": self.index,
            "status": self.status,
            "reference": self.reference,
            "errors": self.errors,
            "idempotency_key": self.key,
            "replayed": self.replayed,
        }

    def kept(self) -> dict[str, Any]:
        """The result as it may be kept: what was wrong without the values, which may be personal."""
        errors = [{"code": each["code"], "attr": each["attr"]} for each in self.errors]
        return {
            "result": self.result,
            "status": self.status,
            "reference": self.reference,
            "errors": [] if self.result is Result.REPEAT else errors,
            "key": self.key,
        }

    def take(self, kept: Mapping[str, Any]) -> None:
        """End as it ended before."""
        self.replayed = True
        if kept["result"] == Result.REFUSED:
            self.result, self.status = Result.REFUSED, kept["status"]
            self.errors = [{**each, "detail": TOLD_BEFORE} for each in kept["errors"]]
        else:
            self.end(Result(kept["result"]), kept["reference"])

    @classmethod
    def of_kept(cls, index: int, kept: Mapping[str, Any]) -> "_Item":
        """A result of a batch that was sent before."""
        item = cls(index, None, kept["key"])
        item.take(kept)
        return item


class _Batch:
    """The enquiries of one call."""

    def __init__(self, actor: Actor, given: Sequence[Any], credential: str) -> None:
        self.actor = actor
        self.credential = credential
        self.items = [_Item(index, each) for index, each in enumerate(given)]
        self._serializer = BatchItem()
        self._lines: dict[str, BusinessLine] = {}
        self._data: dict[int, DataOfLine] = {}

    def write(self) -> None:
        """Judge the items and write those that are sound; within a transaction."""
        first, again = self._read_keys()
        claims = claim_items([self._sent(item) for item in first.values()]) if first else None
        if claims is not None:
            self._take_outcomes(first, claims)
        enquiries = self._read([item for item in self.items if item.is_open and item not in again])
        results = create_leads(actor=self.actor, enquiries=[enquiry for _item, enquiry in enquiries])
        for (item, _enquiry), result in zip(enquiries, results, strict=True):
            self._end(item, result)
        for item in again:
            self._repeat(item, first[item.key or ""])
        if claims is not None:
            settled = {
                key: Outcome(item.status, {}, item.kept())
                for key, item in first.items()
                if key in claims.fresh and item.result is not Result.REFUSED
            }
            claims.settle(settled)

    def _read_keys(self) -> tuple[dict[str, _Item], list[_Item]]:
        """Return the items with a key, by key, and those whose key an earlier item has already."""
        first: dict[str, _Item] = {}
        again = []
        for item in self.items:
            key = item.given.get(ITEM_KEY) if isinstance(item.given, Mapping) else None
            if not isinstance(key, str):
                continue  # what is wrong with it is told with the rest
            try:
                item.key = read_key(key, ITEM_KEY)
            except ValidationFailed as error:
                item.refuse(as_api_exception(error))
                continue
            if first.setdefault(key, item) is not item:
                again.append(item)
        return first, again

    def _sent(self, item: _Item) -> Sent:
        content = {name: value for name, value in item.given.items() if name != ITEM_KEY}
        written = json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True).encode()
        digest = hashlib.sha256(written).hexdigest()
        return Sent(self.credential, item.key or "", "POST", ITEM_PATH, digest)

    def _take_outcomes(self, first: Mapping[str, _Item], claims: Claims) -> None:
        """End the items that were sent before as they ended then."""
        for key in claims.reused:
            first[key].refuse(as_api_exception(KeyReused()))
        for key, outcome in claims.outcomes.items():
            first[key].take(outcome.answer)
        _hide_references(self.actor, [first[key] for key in claims.outcomes])

    def _repeat(self, item: _Item, first: _Item) -> None:
        """An item whose key an earlier one of the batch has: the same enquiry, or a mistake."""
        if self._sent(item) != self._sent(first):
            item.refuse(as_api_exception(KeyReused()))
            return
        item.result, item.status, item.reference = first.result, first.status, first.reference
        item.errors, item.replayed = first.errors, first.result is not Result.REFUSED

    def _read(self, items: Sequence[_Item]) -> list[tuple[_Item, NewEnquiry]]:
        """Return the items whose shape is right."""
        shaped = []
        for item in items:
            try:
                shaped.append((item, self._serializer.run_validation(item.given)))
            except ValidationError as error:
                item.refuse(error)
        codes = {body["line"] for _item, body in shaped}
        self._lines = {line.code: line for line in usable_lines(self.actor).filter(code__in=codes)}
        enquiries = []
        for item, body in shaped:
            try:
                enquiries.append((item, self._enquiry(body)))
            except ValidationError as error:
                item.refuse(error)
            except ApplicationError as error:
                item.refuse(as_api_exception(error))
        return enquiries

    def _enquiry(self, body: Mapping[str, Any]) -> NewEnquiry:
        line = self._lines.get(body["line"])
        if line is None:
            message = "No business line with this code takes leads from you. See /api/v1/lines."
            raise ValidationError({"line": [ErrorDetail(message, code="choice")]})
        refuse_stage(line, body.get("stage"))
        data = self._data.setdefault(line.pk, DataOfLine(self.actor, line))
        data.refuse_unknown(body["data"])
        attributes = {name: body[name] for name in body if name not in ("line", "data", ITEM_KEY)}
        return NewEnquiry(line, body["data"], attributes)

    def _end(self, item: _Item, result: EnquiryResult) -> None:
        error = result.error
        if error is None:
            item.end(result.result, result.reference)
            return
        if isinstance(error, ValidationFailed):
            line = self._lines[item.given["line"].strip()]
            error = self._data[line.pk].placed(error)
        item.refuse(as_api_exception(error))


def _items_of(body: Any) -> list[Any]:
    """Return the enquiries of a body; what is in them is judged one by one."""
    if not isinstance(body, dict) or set(body) != {"leads"} or not isinstance(body["leads"], list):
        message = 'Send an object with the enquiries as a list: {"leads": […]}.'
        raise ValidationError({"leads": [ErrorDetail(message, code="invalid")]})
    items = body["leads"]
    if not items:
        raise ValidationError({"leads": [ErrorDetail("Send at least one enquiry.", code="empty")]})
    if len(items) > MOST_ITEMS:
        raise TooLarge(
            "too_many_items",
            f"A batch holds at most {MOST_ITEMS:,} enquiries, and this one {len(items):,}. Send them in parts.",
        )
    return items


def _hide_references(actor: Actor, items: Sequence[_Item]) -> None:
    """Forget the leads that were there already and that the actor may not see any more."""
    named = [item for item in items if item.reference and item.result is not Result.CREATED]
    if not named:
        return
    references = {item.reference for item in named}
    seen = set(visible_leads(actor).filter(reference__in=references).values_list("reference", flat=True))
    for item in named:
        if item.reference not in seen and item.result is not None:
            item.end(item.result, None)


def _counts(items: Sequence[_Item]) -> dict[str, int]:
    results = [item.result for item in items]
    updated = results.count(Result.UPDATED)
    return {
        "accepted": results.count(Result.CREATED) + updated,
        "updated": updated,
        "duplicate": results.count(Result.REPEAT),
        "rejected": results.count(Result.REFUSED),
    }


def _kept(items: Sequence[_Item]) -> dict[str, Any]:
    return {"results": [item.kept() for item in items]}
