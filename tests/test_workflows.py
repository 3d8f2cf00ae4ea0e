"""What a maintainer relies on in the hosted workflows: pinned actions, least permissions, one job that may publish, commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def _read(path):
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # `on` stays a word, and all values are text


def _steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def _commands(workflow):
    return "\n".join(step["run"] for step in _steps(workflow) if "run" in step)


def test_there_is_a_workflow_for_changes_and_one_for_releases():
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]


@each_workflow
def test_every_action_is_pinned_by_a_commit_with_its_version_beside_it(path):
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_an_action_has_one_version_in_all_workflows():
    found = {}
    for path in WORKFLOWS:
        for action, version in re.findall(r"uses: ([^@\s]+)@(\S+ # \S+)", path.read_text()):
            found.setdefault(action, set()).add(version)
    assert {action: versions for action, versions in found.items() if len(versions) > 1} == {}


@each_workflow
def test_nothing_is_permitted_but_what_a_job_asks_for(path):
    workflow = _read(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        allowed = {"id-token": "write"} if name == "publish" else {"contents": "read"}
        assert job["permissions"] == allowed, name


@each_workflow
def test_no_job_runs_for_hours_and_runs_of_one_branch_do_not_pile_up(path):
    workflow = _read(path)
    assert "${{ github.ref }}" in workflow["concurrency"]["group"]
    assert all(int(job["timeout-minutes"]) <= 60 for job in workflow["jobs"].values())


@each_workflow
def test_checkouts_keep_no_credentials_and_commands_take_nothing_from_the_event(path):
    workflow = _read(path)
    for step in _steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"
    assert "${{" not in _commands(workflow)
    assert "secrets." not in path.read_text()


@each_workflow
def test_commands_of_the_workflows_exist(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = _commands(_read(path))
    assert set(re.findall(r"\bmake ([a-z-]+)", commands)) <= targets
    for script in re.findall(r"\bscripts/\S+", commands):
        assert (ROOT / script).is_file(), script


def test_changes_are_tested_on_every_supported_python_with_pinned_lowest_and_newest_dependencies():
    matrix = _read(FOLDER / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    classifiers = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text())
    assert matrix["python"] == classifiers
    extra = {row["dependencies"] for row in matrix["include"]}
    assert {*matrix["dependencies"], *extra} == {"pinned", "lowest", "newest"}


def test_what_is_published_was_built_once_and_checked():
    jobs = _read(FOLDER / "release.yml")["jobs"]
    assert jobs["publish"]["needs"] == ["build", "check"]
    assert jobs["check"]["needs"] == "build"
    assert jobs["publish"]["environment"] == "pypi"
    assert "python -m build" in "\n".join(step.get("run", "") for step in jobs["build"]["steps"])
    assert not any("run" in step for step in jobs["publish"]["steps"])
    publishing = jobs["publish"]["steps"][-1]
    assert publishing["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert publishing["with"] == {"attestations": "true"}


def test_releases_begin_with_a_tag_only():
    assert _read(FOLDER / "release.yml")["on"] == {"push": {"tags": ["v*"]}}


def test_hooks_run_what_the_checks_run():
    hooks = [hook for repo in _read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    checks = (ROOT / "Makefile").read_text()
    for hook in hooks:
        program = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert f"$(BIN)/{program}" in checks, program
