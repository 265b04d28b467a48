"""What every page fulfils in every view: no scrolling to the side, WCAG AA, no error, no request outside, all images.

Each width, each theme, and pages with and without JavaScript occur in ``VIEWS``; not all of their combinations, because
loading and checking a page takes a second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Preloading would read style sheets again, which the policy of the pages forbids. Only what is wrong is collected and
# returned: what is right are thousands of elements, which take longer than the checks.
VIOLATIONS = """async tags => {
    const report = await axe.run({ runOnly: tags, preload: false, resultTypes: ["violations"] });
    return report.violations;
}"""
LOADED_IMAGES = """async () => {
    const shared = [...document.querySelectorAll("svg.shared image")].map(stored => {
        const shown = document.querySelector(`svg.picture:has(use[href="#${stored.id}"])`);
        return Object.assign(new Image(), { src: stored.href.baseVal, alt: shown?.ariaLabel ?? "" });
    });
    const images = [...document.images, ...shared];
    images.forEach(image => { image.loading = "eager"; });
    await Promise.allSettled(images.map(image => image.decode()));
    return images.map(image => [image.getAttribute("src").slice(0, 100), image.naturalWidth, image.alt.trim()]);
}"""
_SCRIPT = re.compile(r"<script(?![^>]*application/json)[^>]*>.*?</script>", re.DOTALL)


@dataclass(frozen=True)
class View:
    """How a reader sees a page."""

    width: int
    scheme: str
    has_scripts: bool


VIEWS = (View(360, "dark", True), View(768, "light", False), View(1440, "light", True))


def remove_scripts(pages: Sequence[Path]) -> None:
    """Make pages what a browser without JavaScript shows. In such a browser the checks themselves could not run."""
    for page in pages:
        page.write_text(_SCRIPT.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")


def problems(pages: Sequence[Path], view: View, browser: Any, axe: str) -> list[str]:
    """What is wrong with pages in a view, in sentences. Without scripts, they must have been removed from the pages."""
    size = {"width": view.width, "height": 900}
    with closing(browser.new_context(viewport=size, color_scheme=view.scheme)) as context:
        page = context.new_page()
        found: list[str] = []
        page.on("console", lambda entry: found.append(entry.text) if entry.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("request", lambda request: found.extend(_outside(request.url)))
        result: list[str] = []
        for path in pages:
            page.goto(path.as_uri(), wait_until="load")
            assert (page.locator("script:not([type])").count() > 0) == view.has_scripts
            found += [*_layout(page, view.width), *_images(page), *_accessibility(page, axe)]
            result += [f"{path.name}: {each}" for each in found]
            found.clear()
    return result


def _outside(url: str) -> list[str]:
    return [] if url.startswith(("file:", "data:")) else [f"loads {url}"]


def _layout(page: Any, width: int) -> list[str]:
    needed = page.evaluate("document.documentElement.scrollWidth")
    return [f"is {needed} px wide"] if needed > width else []


def _images(page: Any) -> list[str]:
    images = page.evaluate(LOADED_IMAGES)
    broken = [image for image in images if not all(image)]
    return [f"has images without size or text: {broken}"] if broken or not images else []


def _accessibility(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    violations = page.evaluate(VIOLATIONS, WCAG)
    return [f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html'][:200]}" for rule in violations]
