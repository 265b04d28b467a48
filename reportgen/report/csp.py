"""The content security policy of a page: its own files, its own inline parts by their hashes, data images; no more.

https://www.w3.org/TR/CSP3/; a policy in a meta element holds from a file as it does from a server.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

PLACE = "@policy@"
"""Stands in a template where the policy goes: its hashes are known when all else is."""

_INLINE = re.compile(r"<(script|style)((?:\s[^>]*)?)>(.*?)</\1>", re.DOTALL)
_OTHER_TYPE = re.compile(r"""\stype=["']?(?!module\b|text/javascript\b)""")
_OWN_FILES = re.compile(r"<link\s[^>]*\brel=[\"']?stylesheet|<script\s[^>]*\bsrc=")


def add_policy(text: str) -> str:
    """The page with its policy in place."""
    return text.replace(PLACE, content_security_policy(text), 1)


def content_security_policy(text: str) -> str:
    """The policy that lets a page do what it does and nothing else."""
    own = ["'self'"] if _OWN_FILES.search(text) else []
    allowed = {"script": [*own], "style": [*own]}
    for kind, attributes, content in _INLINE.findall(text):
        if content and not (kind == "script" and _OTHER_TYPE.search(attributes)):
            digest = b64encode(sha256(content.encode()).digest()).decode()
            allowed[kind].append(f"'sha256-{digest}'")
    parts = [f"{kind}-src {' '.join(dict.fromkeys(sources))}" for kind, sources in allowed.items() if sources]
    images = " ".join([*own, "data:"])
    return "; ".join(["default-src 'none'", *parts, f"img-src {images}", "base-uri 'none'", "form-action 'none'"])
