"""Files as data URLs."""

from __future__ import annotations

import mimetypes
from base64 import b64encode
from urllib.parse import quote

_UNQUOTED = " =:/,;()'!*@$+?-._~"


def data_url(name: str, content: bytes) -> str:
    """A file as a data URL in its shortest encoding; ``name`` decides its type."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    encoded = f"data:{kind};base64,{b64encode(content).decode()}"
    if kind != "image/svg+xml":
        return encoded
    return min(f"data:{kind},{quote(content, safe=_UNQUOTED)}", encoded, key=len)
