"""The errors that prevent a publish."""

from __future__ import annotations


class RefusedError(ValueError):
    """The request is invalid. The message says where, what was found and what was expected."""


class PublishError(RuntimeError):
    """The target could not be written. The message quotes the program or service that refused."""


class ConflictError(PublishError):
    """Another push changed the branch after it was fetched."""
