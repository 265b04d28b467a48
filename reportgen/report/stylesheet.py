"""The style sheet: the parts in the templates, and the colours that pages share with figures."""

from __future__ import annotations

from pathlib import Path

from reportgen.figures.style import COLOURS
from reportgen.report.template import render_stylesheet

HEAT: dict[str, list[tuple[str, str]]] = {
    "light": [
        ("#f1f6f4", "#1c2430"),
        ("#dcece6", "#1c2430"),
        ("#bfdfd4", "#1c2430"),
        ("#97cdbe", "#1c2430"),
        ("#68b3a4", "#1c2430"),
        ("#1f7f76", "#ffffff"),
        ("#116360", "#ffffff"),
        ("#06464a", "#ffffff"),
    ],
    "dark": [
        ("#19222b", "#e8ebf0"),
        ("#183037", "#e8ebf0"),
        ("#174348", "#e8ebf0"),
        ("#18595b", "#e8ebf0"),
        ("#1f7471", "#ffffff"),
        ("#3fa595", "#0d1117"),
        ("#79ccb8", "#0d1117"),
        ("#c3eedd", "#0d1117"),
    ],
}
"""Background and text of a cell of a heat map, from the largest gap to the smallest, by theme."""

PARTS = ("site.css", "tables.css", "player.css", "basins.css", "contents.css")


def stylesheet(templates: Path | None = None) -> str:
    """The text of ``assets/site.css``; ``templates`` is the user's folder.

    Raises:
        TemplateError: one of the user's templates is broken.
    """
    automatic = _variables("dark", ":root:not([data-theme=light])").replace("\n", "\n  ")
    chosen = _variables("dark", ":root[data-theme=dark]").replace("\n", "\n  ")
    dark = f"@media screen and (prefers-color-scheme: dark) {{\n  {automatic}\n}}\n@media screen {{\n  {chosen}\n}}"
    parts = "".join(render_stylesheet(part, templates) for part in PARTS)
    return f"{_variables('light', ':root')}\n{dark}\n{_classes()}\n{parts}"


def _variables(theme: str, where: str) -> str:
    """The CSS variables of a theme, for the elements of the selector ``where``."""
    place = 0 if theme == "light" else 1
    named = [f"--{name}: {both[place]};" for name, both in COLOURS.items()]
    heat = [f"--h{i}: {back}; --t{i}: {text};" for i, (back, text) in enumerate(HEAT[theme])]
    return "\n".join([f"{where} {{", *(f"  {line}" for line in (*named, *heat)), "}"])


def _classes() -> str:
    """The CSS classes of the colours of heat maps and series."""
    heat = [f".h{i} {{ background: var(--h{i}); color: var(--t{i}); }}" for i in range(len(HEAT["light"]))]
    series = [f".{name} {{ color: var(--{name}); }}" for name in COLOURS if name[0] == "s"]
    return "\n".join([*heat, *series])
