"""``reportgen figures``: figures and tables for papers, complete without a page around them."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import synthetic
from fake_pipeline import invoke
from PIL import Image

from reportgen.report.latex import latex_text

ODD = "adam[a_1=50%, b={x}&y]"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = synthetic.results(
        [synthetic.QUARTIC, synthetic.BEALE],
        ["gradient_descent", "momentum", "adam"],
        starts=8,
        steps=100,
        rename={"adam": ODD},
    )
    config = made.manifest.config.model_copy(update={"baseline": "momentum"})
    made = replace(made, manifest=replace(made.manifest, config=config))
    return synthetic.write(made, tmp_path_factory.mktemp("made") / "results")


def write(results: Path, folder: Path, *options: str) -> dict[str, bytes]:
    """The files that the command writes, by their names in the folder."""
    done = invoke("figures", str(results), "--output", str(folder), *options)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{folder}\n"
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*.*"))}


def test_every_figure_and_table_is_written(results: Path, tmp_path: Path) -> None:
    files = write(results, tmp_path, "--format", "svg", "--format", "md")
    of_loss = ["convergence", "runtimes", "best-paths", "paths-momentum", "rates-momentum", "paths-gradient_descent"]
    expected = {f"{name}.svg" for name in ("runtimes", "performance", "tuning")}
    expected |= {f"{loss}/{name}.svg" for loss in ("quartic", "beale") for name in of_loss}
    expected |= {f"{name}.md" for name in ("ranking", "baseline", "budgets", "anytime", "expected-times")}
    expected |= {f"{loss}/{name}.md" for loss in ("quartic", "beale") for name in ("best-rates", "sensitivity")}
    assert expected <= set(files)
    assert {Path(name).suffix for name in files} == {".svg", ".md"}


def test_the_same_results_give_the_same_bytes(results: Path, tmp_path: Path) -> None:
    only = [part for name in ("runtimes", "beale/paths-momentum", "ranking") for part in ("--only", name)]
    first, again = (write(results, tmp_path / name, *only) for name in ("first", "again"))
    assert first == again
    kinds = {"runtimes": 3, "beale/paths-momentum": 3, "ranking": 2}
    assert {name: sum(file.startswith(f"{name}.") for file in first) for name in kinds} == kinds


@pytest.mark.parametrize(
    ("width", "points"), [("3.4in", 244.8), ("86mm", 243.78), ("8.6cm", 243.78), ("246pt", 245.08)]
)
def test_figures_have_the_asked_width(results: Path, tmp_path: Path, width: str, points: float) -> None:
    files = write(results, tmp_path, "--width", width, "--only", "beale/convergence")
    box = re.search(rb"/MediaBox \[ *0 0 ([\d.]+) ", files["beale/convergence.pdf"])
    assert box is not None
    assert float(box[1]) == pytest.approx(points, abs=0.02)
    root = ElementTree.fromstring(files["beale/convergence.svg"])
    assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx(points, abs=0.02)
    with Image.open(tmp_path / "beale" / "convergence.png") as image:
        assert image.width == pytest.approx(points / 72 * 300, abs=1)
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def page_content(pdf: bytes) -> bytes:
    """The operators that draw the page of a PDF."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    (page,) = (text for part in streams if part[:1] == b"x" and b" Tf" in (text := zlib.decompress(part)))
    return page


def test_the_curves_of_a_pdf_reach_the_right_edge(results: Path, tmp_path: Path) -> None:
    """Matplotlib clips lines to the size of the page, in units before they are scaled."""
    pdf = write(results, tmp_path, "--format", "pdf", "--only", "beale/convergence")["beale/convergence.pdf"]
    box = re.search(rb"/MediaBox \[ *0 0 ([\d.]+) ", pdf)
    assert box is not None
    lines = re.findall(rb" m\n((?:[\d.]+ [\d.]+ l\n){20,})", page_content(pdf))
    ends = [max(float(point.split()[0]) for point in line.splitlines()) for line in lines]
    assert max(ends) > 1.2 * float(box[1])


def test_a_pdf_embeds_its_fonts_and_has_texts_of_8_points(results: Path, tmp_path: Path) -> None:
    pdf = write(results, tmp_path, "--format", "pdf", "--only", "beale/*")["beale/convergence.pdf"]
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    page = page_content(pdf)
    (scale,) = re.findall(rb"^([\d.]+) 0 0 [\d.]+ 0 0 cm$", page, re.MULTILINE)
    sizes = {round(float(scale) * float(size), 1) for size in re.findall(rb"/\S+ ([\d.]+) Tf", page)}
    assert sizes == {8.0}


def test_an_svg_has_no_styles_of_a_page(results: Path, tmp_path: Path) -> None:
    files = write(results, tmp_path, "--format", "svg")
    assert len(files) > 10
    for content in files.values():
        text = content.decode()
        ElementTree.fromstring(text)
        assert not re.search(r"var\(|prefers-color-scheme|<text|#fe00", text)


def test_legends_name_every_optimizer(results: Path, tmp_path: Path) -> None:
    """SVG comments have the texts that are drawn as shapes."""
    files = write(results, tmp_path, "--format", "svg", "--only", "*/*")
    words = {name: re.findall(r"<!-- (.*?) -->", content.decode()) for name, content in files.items()}
    assert {"gradient_descent", "momentum", "median gap", "step"} <= set(words["beale/convergence.svg"])
    assert {"share of targets hit", "gradient evaluations"} <= set(words["beale/runtimes.svg"])
    assert {"momentum", "quartiles", "other optimizers", "median final gap"} <= set(words["quartic/rates-momentum.svg"])
    assert {"start", "other starts", "minimum", "x", "y"} <= set(words["beale/paths-momentum.svg"])


def test_latex_is_escaped(results: Path, tmp_path: Path) -> None:
    table = write(results, tmp_path, "--format", "tex", "--only", "ranking")["ranking.tex"].decode()
    assert r"adam{[}a\_1=50\%, b=\{x\}\&y{]}" in table
    lines = table.splitlines()
    assert lines[1:4] == [r"\begin{tabular}{llrrrr}", r"\toprule", lines[3]]
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [line for line in lines if line.endswith(r" \\")]
    assert len(rows) == 4
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {5}


def test_long_headings_have_two_lines(results: Path, tmp_path: Path) -> None:
    table = write(results, tmp_path, "--format", "tex", "--only", "budgets")["budgets.tex"].decode()
    heading = table.splitlines()[3]
    assert r" & \shortstack[r]{Targets hit,\\shared rate} & Shared rate \\" in heading
    assert heading.startswith("Optimizer & ")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("3.16·10⁻³", r"$3.16 \cdot 10^{-3}$"),
        ("10⁻⁴ to 1", "$10^{-4}$ to 1"),
        ("−2·10⁵", r"$-2 \cdot 10^{5}$"),
        ("8\u202f380", r"8\,380"),
        ("< 1 %", r"$<$ 1 \%"),
        ("a\\b~c^d#$", r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d\#\$"),
        ("−3 (−5 to ∞)", r"$-$3 ($-$5 to $\infty$)"),
    ],
)
def test_numbers_in_latex(text: str, latex: str) -> None:
    assert latex_text(text) == latex


def test_markdown_tables(results: Path, tmp_path: Path) -> None:
    lines = write(results, tmp_path, "--format", "md", "--only", "ranking")["ranking.md"].decode().splitlines()
    assert lines[0] == "| Place | Optimizer | Targets hit | 95 % interval | Speed | 95 % interval |"
    assert len(lines) == 5


@pytest.mark.parametrize("width", ["3", "3.4", "-3in", "0in", "1e3in", "3 feet", "200in", "nan"])
def test_a_wrong_width_is_one_sentence(results: Path, width: str) -> None:
    done = invoke("figures", str(results), "--width", width)
    assert done.exit_code == 2
    assert f"{width}: expected a length from 1.5in to 20in" in done.stderr


def test_a_name_that_does_not_exist_is_one_sentence(results: Path, tmp_path: Path) -> None:
    done = invoke("figures", str(results), "--output", str(tmp_path / "out"), "--only", "beal/*")
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("--only beal/*: no figure or table has such a name; expected names such as runtimes, ")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_results_is_one_sentence(tmp_path: Path) -> None:
    done = invoke("figures", str(tmp_path / "none"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{tmp_path / 'none'}: not found; expected a results folder, a report or a runs.parquet\n"
