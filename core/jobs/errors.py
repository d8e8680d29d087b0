"""Why a run of a job ends early, and how a job that failed is told to whoever waited for it."""

from core.errors import ApplicationError


class RunEnded(BaseException):
    """A run stops here, and the transaction of its batch rolls back.

    Not an Exception: a handler that survives bad rows by `except Exception` must not survive this.
    """


class LeaseLost(RunEnded):
    """Another worker holds the job: nothing that this run still writes may count."""


class CancelRequested(RunEnded):
    """Somebody cancelled the job."""


class PauseRequested(RunEnded):
    """Somebody paused the job: it keeps its cursor and waits until somebody resumes it."""


class WorkerStopping(RunEnded):
    """The worker shuts down: the job goes back to the queue and another worker continues it."""


class JobFailed(ApplicationError):
    """A job that was waited for ended without being done; the message is the job's own error."""

    status = 500
