"""Why something was not published."""

from __future__ import annotations


class RefusedError(ValueError):
    """What was asked for is wrong: the message says where, what was found and what is expected."""


class PublishError(RuntimeError):
    """The target could not be written; the message says why, in the words of whoever refused."""


class OvertakenError(PublishError):
    """Somebody else changed the target in the meantime."""
