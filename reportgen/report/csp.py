"""The content security policy of a page: the site's files, inline parts by their hashes, data images and data fonts.

https://www.w3.org/TR/CSP3/. A policy in a meta element applies to pages from a server and from a file.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

PLACEHOLDER = "@policy@"
"""The place of the policy in a template. Its hashes are known only when the rest of the page is complete."""

_INLINE = re.compile(r"<(script|style)((?:\s[^>]*)?)>(.*?)</\1>", re.DOTALL)
_DATA_TYPE = re.compile(r"""\stype=["']?(?!module\b|text/javascript\b)""")
_SITE_FILES = re.compile(r"<link\s[^>]*\brel=[\"']?stylesheet|<script\s[^>]*\bsrc=")

_DATA_FONT = re.compile(r"@font-face[^}]*url\([\"']?data:")


def add_policy(text: str) -> str:
    """The page with its policy in place of ``PLACEHOLDER``."""
    return text.replace(PLACEHOLDER, content_security_policy(text), 1)


def content_security_policy(text: str) -> str:
    """The strictest policy that allows everything on the page."""
    site = ["'self'"] if _SITE_FILES.search(text) else []
    allowed = {"script": [*site], "style": [*site]}
    for kind, attributes, content in _INLINE.findall(text):
        if content and not (kind == "script" and _DATA_TYPE.search(attributes)):
            digest = b64encode(sha256(content.encode()).digest()).decode()
            allowed[kind].append(f"'sha256-{digest}'")
    parts = [f"{kind}-src {' '.join(dict.fromkeys(sources))}" for kind, sources in allowed.items() if sources]
    images = " ".join([*site, "data:"])
    fonts = [*site, *(["data:"] if _DATA_FONT.search(text) else [])]
    parts += [f"font-src {' '.join(fonts)}"] if fonts else []
    return "; ".join(["default-src 'none'", *parts, f"img-src {images}", "base-uri 'none'", "form-action 'none'"])
