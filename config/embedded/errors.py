"""What goes wrong with the embedded servers, said in one line."""


class EmbeddedError(Exception):
    """A server could not be started, joined or stopped; the text says why and what to do next."""
