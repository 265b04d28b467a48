"""A figure of matplotlib as a file for papers: fonts embedded, without dates, byte for byte reproducible."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from reportgen.figures.style import RC

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("pdf", "png", "svg")
DPI = 300
"""Resolution of a PNG, and of a picture inside a PDF."""
SETTINGS = {**RC, "pdf.fonttype": 42, "svg.fonttype": "path"}
"""Settings of matplotlib: fonts are embedded, as TrueType in a PDF and as shapes in an SVG."""
_NO_METADATA = {
    "pdf": ("CreationDate", "Creator", "Producer"),
    "png": ("Software",),
    "svg": ("Date", "Creator", "Format", "Type"),
}
"""What would change with the day or the version of matplotlib."""


def file_content(figure: Figure, kind: str, scale: float) -> bytes:
    """The content of the file of a figure, scaled as a whole: ``savefig`` would keep the size of texts and lines.

    Args:
        figure: the figure.
        kind: one of ``FORMATS``.
        scale: points on paper per point of the figure.
    """
    file = io.BytesIO()
    metadata = dict.fromkeys(_NO_METADATA[kind])
    if kind == "png":
        sharp = {"pil_kwargs": {"dpi": (DPI, DPI)}}
        figure.savefig(file, format=kind, dpi=DPI * scale, metadata=metadata, **sharp)  # type: ignore[arg-type]
        return file.getvalue()
    if kind == "pdf":
        _write_pdf(figure, file, metadata, scale)
        return file.getvalue()
    figure.savefig(file, format=kind, metadata=metadata)
    head, svg, rest = file.getvalue().decode().partition("<svg")
    tag, end, body = rest.partition(">")
    tag = re.sub(r'\b(width|height)="([\d.]+)pt"', lambda m: f'{m[1]}="{float(m[2]) * scale:.2f}pt"', tag)
    return f"{head}{svg}{tag}{end}{body}".encode()


def _write_pdf(figure: Figure, file: io.BytesIO, metadata: dict[str, None], scale: float) -> None:
    from matplotlib.backends import backend_mixed, backend_pdf

    mixed: Any = backend_mixed  # without types
    backend: Any = backend_pdf
    width, height = figure.get_size_inches()
    pdf = backend.PdfFile(file, metadata=metadata)
    try:
        pdf.newPage(width * scale, height * scale)
        # Lines are clipped to this size before they are scaled.
        pdf.width, pdf.height = width, height
        pdf.output(scale, 0, 0, scale, 0, 0, backend.Op.concat_matrix)
        renderer = mixed.MixedModeRenderer(figure, width, height, DPI, backend.RendererPdf(pdf, DPI, height, width))
        figure.draw(renderer)
        renderer.finalize()
        pdf.finalize()
    finally:
        pdf.close()
