"""Helpers of the tests of publishing: run the command, and inspect what it published."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from click.testing import CliRunner, Result

from reportgen.cli import main


def publish(site: Path, to: object, *options: str) -> Result:
    return CliRunner().invoke(main, ["publish", str(site), str(to), *options])


def published(site: Path, to: object, *options: str) -> list[str]:
    """The lines printed by a publish, which must succeed."""
    done = publish(site, to, *options)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = (value.partition("#")[0] for name, value in attrs if name in ("href", "src") and value)
        self.found |= {name for name in names if name and not name.startswith("data:")}


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def dead_links(folder: Path) -> list[str]:
    links = [(page, link) for page in folder.rglob("*.html") for link in Links(page.read_text(encoding="utf-8")).found]
    return [f"{page}: {link}" for page, link in links if not (page.parent / link).is_file()]
