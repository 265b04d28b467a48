"""The tags and the picture that a shared link to a report shows."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import synthetic
from PIL import Image

from reportgen.config import ConfigError, load
from reportgen.report.site import Site
from reportgen.results.result_tables import Results

pytestmark = pytest.mark.slow

ADDRESS = "https://example.org/my report".replace(" ", "-")


def made(**values: str) -> Results:
    results = synthetic.results(
        losses=[synthetic.BEALE], optimizers=("adam", "momentum"), rates=(0.1,), starts=2, steps=30
    )
    config = results.manifest.config.model_copy(update={"site_url": ADDRESS} | values)
    return replace(results, manifest=replace(results.manifest, config=config))


def card(folder: Path, results: Results) -> bytes:
    Site(folder).write(results)
    return (folder / "assets" / "card.png").read_bytes()


def test_the_card_has_its_size_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    one, other = (card(tmp_path / name, made()) for name in "ab")
    assert one == other
    with Image.open(BytesIO(one)) as image:
        assert image.size == (1200, 630)
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 100


@pytest.mark.slow
@pytest.mark.parametrize("title", ["損失と最適化", "$x^2$ & <b>", "x" * 300, "many words " * 40])
def test_any_title_makes_a_card(tmp_path: Path, title: str) -> None:
    assert card(tmp_path, made(title=title)).startswith(b"\x89PNG")


def test_pages_have_their_address_and_description(tmp_path: Path) -> None:
    Site(tmp_path).write(made(title='A "fair" one', description="What <we> saw"))
    first = (tmp_path / "index.html").read_text()
    assert '<meta name="description" content="What &lt;we&gt; saw">' in first
    assert '<meta property="og:title" content="A &#34;fair&#34; one">' in first
    assert f'<link rel="canonical" href="{ADDRESS}/">' in first
    for page in tmp_path.rglob("*.html"):
        text = page.read_text()
        assert f'<meta property="og:image" content="{ADDRESS}/assets/card.png">' in text
        assert text.count('property="og:') == 7
    assert f'content="{ADDRESS}/losses/beale.html"' in (tmp_path / "losses" / "beale.html").read_text()


def test_without_a_site_url_there_are_no_tags_and_no_card(tmp_path: Path) -> None:
    Site(tmp_path).write(made(site_url=""))
    assert not (tmp_path / "assets" / "card.png").exists()
    text = (tmp_path / "index.html").read_text()
    assert "og:" not in text
    assert '<meta name="description" content="2 optimizers' in text


@pytest.mark.parametrize(
    "address", ["example.org", "ftp://example.org", "https://", "https://a b", "https://a/?q", "http://["]
)
def test_an_invalid_site_url_is_an_error(tmp_path: Path, address: str) -> None:
    (tmp_path / "reportgen.toml").write_text(f"site_url = {json.dumps(address)}")
    with pytest.raises(
        ConfigError, match=r"reportgen\.toml: site_url = .*: expected an address such as \"https://example"
    ):
        load(folder=tmp_path, environ={})


def test_a_site_url_is_stored_without_its_last_slash(tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text('site_url = "https://example.org/a/"')
    assert load(folder=tmp_path, environ={}).site_url == "https://example.org/a"
