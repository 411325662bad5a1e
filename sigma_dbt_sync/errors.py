"""Every error this package raises on purpose.

    SyncError
    ├── ConfigurationError       a setting is missing or wrong; a person must change it
    ├── ServiceError             another system answered badly, or not at all
    │   ├── Unavailable          it may answer later: network, timeout, 5xx
    │   ├── RateLimited          it asked us to wait (429)
    │   ├── AccessDenied         it knows us and says no (401, 403)
    │   ├── NotFound             it has no such thing, or hides it from our token (404)
    │   └── UnexpectedAnswer     it answered something we cannot read
    ├── ArchiveError             the archive cannot be read or written
    │   └── BlobTooLarge         one artifact is larger than is kept; the rest of the sync goes on
    ├── UnreadableArtifact       one artifact is damaged; the rest of the sync goes on
    └── WarehouseError           the warehouse refused a statement
        ├── WarehouseBusy        somebody else holds it; a rerun helps
        ├── BatchOutdated        another sync published first; the batch is planned again
        └── SchemaMismatch       a table is not what this version expects

`retryable` says whether doing the same again later can help. It is what retry policies read, so
that nobody has to look at message texts.
"""

from typing import ClassVar


class SyncError(Exception):
    """Anything that stops part of a sync, told in words that say what to do."""

    retryable: ClassVar[bool] = False


class ConfigurationError(SyncError):
    """A setting is missing or wrong."""


class ServiceError(SyncError):
    """Another system answered badly, or not at all.

    The message names the system, what we were doing, the status it answered with, and the fix.
    """

    def __init__(
        self,
        system: str,
        action: str,
        *,
        status: int | None = None,
        fix: str,
        request_id: str | None = None,
    ) -> None:
        """Keep the parts, and word the message from them; `request_id` is for their support."""
        self.request_id = request_id
        self.system = system
        self.action = action
        self.status = status
        self.fix = fix
        answered = "did not answer" if status is None else f"answered {status}"
        super().__init__(f"{system} {answered} while {action}. {fix}")


class Unavailable(ServiceError):
    """The system may answer later: network failure, timeout, 5xx."""

    retryable = True


class RateLimited(ServiceError):
    """The system asked us to slow down (429)."""

    retryable = True

    def __init__(
        self, system: str, action: str, *, wait_seconds: float, request_id: str | None = None
    ) -> None:
        """Keep how long the system wants to be left alone."""
        self.wait_seconds = wait_seconds
        super().__init__(
            system,
            action,
            status=429,
            fix=f"The next sync may ask again in {wait_seconds:.0f} seconds; nothing is lost.",
            request_id=request_id,
        )


class AccessDenied(ServiceError):
    """The system knows us and says no (401, 403)."""


class NotFound(ServiceError):
    """The system has no such thing, or hides it from our token (404)."""


class UnexpectedAnswer(ServiceError):
    """The system answered something that cannot be read, such as an HTML page."""


class ArchiveError(SyncError):
    """The archive cannot be read or written."""


class BlobTooLarge(ArchiveError):
    """One artifact is larger than the archive keeps; it is recorded, and the sync goes on."""


class UnreadableArtifact(SyncError):
    """One artifact cannot be decoded; it is recorded with this reason and the sync goes on."""


class WarehouseError(SyncError):
    """The warehouse refused a statement."""


class WarehouseBusy(WarehouseError):
    """Somebody else holds the warehouse; the same sync succeeds later."""

    retryable = True


class BatchOutdated(WarehouseError):
    """Another sync published since this batch was planned; plan it again."""

    retryable = True


class SchemaMismatch(WarehouseError):
    """A table in the warehouse is not what this version expects."""
