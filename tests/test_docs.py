"""The documentation says what is so: generated parts are up to date, code runs as pasted, links and commands exist."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import tyro
from tyro.conf import OmitSubcommandPrefixes

from mosim_gym.cli import command_line
from mosim_gym.studies.measured import provenances

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
NUMBERS = [ROOT / "README.md", *sorted(page for page in PAGES if page.parent.name in ("results", "notes"))]
RESULTS = sorted((ROOT / "benchmarks" / "results").rglob("*.json"))
FENCE = re.compile(r"^```(\w*).*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"<!-- run: (\S+) -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:\.ci|benchmarks|docs|examples|scripts|src|tests|truth)/[\w./-]+)`")
NEEDS = {
    "onnxruntime": re.compile(r"onnxruntime|backend=.onnx"),
    **{name: re.compile(rf"\b{name}\b") for name in ("torchrl", "rsl_rl", "skrl", "ray", "jax")},
}
"""Packages that are not everywhere, and the code that needs them."""
OWN_ROBOT = ROOT / "docs" / "your-own-robot.md"


def _run(arguments, cwd, **environment):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _blocks():
    for page in PAGES:
        for name, code in RUN.findall(page.read_text()):
            if page != OWN_ROBOT:
                missing = [
                    need for need, use in NEEDS.items() if use.search(code) and not importlib.util.find_spec(need)
                ]
                skipped = pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")
                yield pytest.param(code, id=f"{page.stem}-{name}", marks=skipped)


def _prose(page):
    return FENCE.sub("", page.read_text())


def _anchors(page):
    titles = re.findall(r"^#+ (.*)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}


def _shell_lines(page):
    for language, code in FENCE.findall(page.read_text()):
        if language == "bash":
            yield from (shlex.split(line, comments=True) for line in code.splitlines())


def test_generated_parts_are_up_to_date(tmp_path):
    pytest.importorskip("myo_sim")  # the page of tasks has its robots
    _run([str(ROOT / "scripts" / "generate_docs.py"), "--check"], tmp_path)


@pytest.mark.parametrize("page", NUMBERS, ids=lambda page: page.name)
def test_no_number_of_a_table_of_results_is_typed_by_hand(page):
    by_hand = re.sub(r"<!-- generated: .*?<!-- end -->", "", _prose(page), flags=re.DOTALL)
    rows = [re.sub(r"`[^`]*`|\([^)]*\)", "", line) for line in by_hand.splitlines() if line.startswith("|")]
    assert [row for row in rows if re.search(r"\d", row)] == []


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_result_names_the_version_and_the_commit_that_made_it(path):
    found = list(provenances(json.loads(path.read_text())))
    assert found
    for provenance in found:
        assert provenance["mosim_gym"]
        assert re.fullmatch(r"[0-9a-f]{12}", provenance["commit"])


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "index.md"], ids=lambda page: page.name)
def test_the_first_page_shows_an_example_and_leads_to_every_page_of_results(page):
    text = page.read_text()
    assert "zero_shot(" in text
    for name in ("parity", "prediction", "zero-shot", "real-steps", "speed"):
        assert f"results/{name}.md" in text


def test_the_picture_of_the_rooms_draws_every_package_and_no_other():
    drawn = re.findall(r'<g id="room-(\w+)">', (ROOT / "docs" / "assets" / "rooms.svg").read_text())
    packages = [path.parent.name for path in (ROOT / "src" / "mosim_gym").glob("*/__init__.py")]
    assert sorted(drawn) == sorted(packages)


def test_tests_have_the_folder_and_the_name_of_what_they_test():
    for path in (ROOT / "tests").glob("*/**/test_*.py"):
        name = path.name.removeprefix("test_")
        room = path.parent.relative_to(ROOT / "tests")
        code = ROOT / room / name if room.parts[0] == "scripts" else ROOT / "src" / "mosim_gym" / room / name
        assert code.exists(), path


def test_every_page_of_the_documentation_is_in_its_menu():
    menu = (ROOT / "mkdocs.yml").read_text()
    docs = ROOT / "docs"
    assert [page for page in docs.rglob("*.md") if f": {page.relative_to(docs).as_posix()}" not in menu] == []


@pytest.mark.parametrize("code", list(_blocks()))
def test_code_runs_as_pasted(code, tmp_path):
    for budget, less in (("budget=30,", "budget=5,"), ('budget="10s"', 'budget="3s"'), ('budget="8s"', 'budget="3s"')):
        code = code.replace(budget, less)  # a time of training is anyone's choice
    _run(["-c", code], tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in LINK.findall(_prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in _anchors(file), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_that_are_named_exist(page):
    for path in PATH.findall(_prose(page)):
        assert (ROOT / path).exists() or (ROOT / "src" / "mosim_gym" / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_holds_the_marks_of_an_unfinished_merge(page):
    assert not re.search(r"^(<{7}|={7}$|>{7})", page.read_text(), re.MULTILINE)


def test_commands_that_are_shown_exist():
    makefile = (ROOT / "Makefile").read_text()
    shown = [words for page in PAGES for words in _shell_lines(page) if words]
    for words in shown:
        if words[0] == "mosim-gym":
            tyro.cli(OmitSubcommandPrefixes[command_line(words[1:])], args=words[1:])
        elif "make" in words:
            for target in words[words.index("make") + 1 :]:
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        elif words[0] == "python":
            as_module = words[1] == "-m"
            assert importlib.util.find_spec(words[2]) if as_module else (ROOT / words[1]).exists(), words
    assert any(words[0] == "mosim-gym" for words in shown)


def test_a_robot_from_a_file_works_as_its_page_says(tmp_path):
    text = OWN_ROBOT.read_text()
    (tmp_path / "arm.xml").write_text(dict(FILE.findall(text))["arm.xml"])
    said = _run(["-c", dict(RUN.findall(text))["from-a-file"]], tmp_path)
    assert "Robot('arm', nq=2, nv=2, nu=2, control_step=0.02)" in said
    words = ["robot", "check", "arm.xml", "--timestep", "0.02"]
    assert "The motion can be learned" in _run(["-m", "mosim_gym.cli", *words], tmp_path)


def test_the_robot_of_ones_own_works_as_its_page_says(tmp_path):
    """Its files are written as shown, its package is found through the entry point, its use and its tests run."""
    text = OWN_ROBOT.read_text()
    for name, content in FILE.findall(text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "my_robots" / "__init__.py").touch()
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    # what `pip install -e .` would leave behind
    info = tmp_path / "my_robots-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, items in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in items.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")

    assert "crane.safetensors" in _run(
        ["-m", "mosim_gym.cli", "build-robot", "crane"], tmp_path, PYTHONPATH=str(tmp_path)
    )
    command = "render CranePlace --policy random --steps 5 --out film"
    assert "result.json" in _run(["-m", "mosim_gym.cli", *command.split()], tmp_path, PYTHONPATH=str(tmp_path))
    report = _run(["-c", dict(RUN.findall(text))["own-robot"]], tmp_path, PYTHONPATH=str(tmp_path), MUJOCO_GL="disable")
    earned, short_by = map(float, re.search(r"return (\S+) of 500, (\S+) m from", report).groups())
    assert earned > 300
    assert short_by < 0.1
    assert "passed" in _run(
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], tmp_path, PYTHONPATH=str(tmp_path)
    )
