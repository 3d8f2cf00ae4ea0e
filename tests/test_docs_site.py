"""The built documentation in a browser, on a phone and on a desktop: nothing fails, nothing is cut off, nothing leads nowhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from tests.served import SCREENS, served

ROOT = Path(__file__).parents[1]
LOOK = """
() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = (part) => {
    for (let box = part; box && box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== 'visible') return true;
    return false;
  };
  const seen = (part) => part.getClientRects().length > 0;
  const called = (part) => part.outerHTML.slice(0, 120);
  const parts = [...document.querySelectorAll('.md-content *, .md-header *, .md-footer *')].filter(seen);
  const images = [...document.querySelectorAll('.md-content img')];
  const named = (image) => image.alt.trim() || image.closest('figure')?.querySelector('figcaption')?.innerText.trim();
  return {
    overflow: document.documentElement.scrollWidth - wide,
    beyond: parts.filter((part) => part.getBoundingClientRect().right > wide + 1 && !scrolls(part)).map(called),
    empty: images.filter((image) => !image.complete || !image.naturalWidth).map(called),
    nameless: images.filter((image) => !named(image)).map(called),
    ids: [...document.querySelectorAll('[id], a[name]')].map((part) => part.id || part.name),
    links: [...document.querySelectorAll('a[href], video[src], source[src]')].map((part) => part.href || part.src),
  };
}
"""
"""What a page looks like: px by which it is wider than the screen and what sticks out, images without a picture or words, and links."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(chromium, tmp_path_factory):
    """The built documentation, where there is a browser to look at it."""
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def _pages(site: Path) -> list[str]:
    """The addresses of all pages, below that of the site."""
    return sorted(str(path.relative_to(site).parent / "") for path in site.rglob("index.html"))


def _file(site: Path, way: str) -> Path:
    path = site / unquote(way)
    return path / "index.html" if path.is_dir() else path


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_whole_and_every_link_leads_somewhere(browser, site, screen):
    width, height = SCREENS[screen]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(120_000)
    faults: list[str] = []
    with served(site) as address:
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on(
            "response", lambda got: faults.append(f"{page.url}: {got.status} {got.url}") if got.status >= 400 else None
        )
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "blob:", "data:")) else faults.append(asked.url),
        )
        looks = {}
        for name in _pages(site):
            page.goto(address + name.removeprefix("./").removeprefix("."))
            looks[name] = page.evaluate(LOOK)
        ids = {_file(site, name): set(look.pop("ids")) for name, look in looks.items()}
        dead = []
        for name, look in looks.items():
            for link in look.pop("links"):
                place, anchor = urldefrag(link)
                if place.startswith(address):
                    file = _file(site, place.removeprefix(address))
                    if not file.is_file() or (anchor and file in ids and unquote(anchor) not in ids[file]):
                        dead.append((name, link.removeprefix(address)))
    assert faults == []
    assert dead == []
    assert {name: look for name, look in looks.items() if look["overflow"] > 0 or any(list(look.values())[1:])} == {}


def test_a_reader_changes_between_light_and_dark(browser, site):
    page = browser.new_page(color_scheme="light")
    page.set_default_timeout(120_000)
    scheme = "document.body.getAttribute('data-md-color-scheme')"
    with served(site) as address:
        page.goto(address)
        assert page.evaluate(scheme) == "default"
        page.locator("label[title=Dark]").click()
        page.wait_for_function(f"{scheme} === 'slate'")
        page.goto(f"{address}tasks/")
        assert page.evaluate(scheme) == "slate"
        page.locator("label[title=Light]").click()
        page.wait_for_function(f"{scheme} === 'default'")
        dark = browser.new_page(color_scheme="dark")
        dark.goto(address)
        assert dark.evaluate(scheme) == "slate"


def test_a_reader_finds_a_page_by_a_word_on_it(browser, site):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(120_000)
    with served(site) as address:
        page.goto(address)
        page.locator("input.md-search__input").fill("onnxruntime")
        found = page.locator("a.md-search-result__link")
        found.first.wait_for()
        assert any("deploying" in link.get_attribute("href") for link in found.all())
