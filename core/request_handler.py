"""How a request is carried through Django: by one thread, from the first middleware to the last."""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """Django's ASGI handler for middleware and views that all are synchronous.

    Django's own would go from the loop to the request's thread and back for each middleware's look at the view and
    again for the view, which takes longer than what many of them do. An asynchronous view still works, in a loop of
    its own.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
