"""`mosim-gym play` as typed."""

from __future__ import annotations

import sys

import pytest

from mosim_gym.cli import main


def _refusal(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["play", *words])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_without_the_extra_one_sentence_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "viser", None)
    said = _refusal(["CheetahRun"], capsys)
    assert said.count("\n") == 1
    assert "viser is not installed" in said
    assert "pip install '.[play]'" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["CheetahRum"], "Did you mean 'CheetahRun'"),
        (["CheetahRun", "--policy", "nowhere.zip"], "There is no policy file at nowhere.zip"),
        (["CheetahRun", "--checkpoint", "walker"], "this environment needs 'cheetah'"),
        (["CheetahRun", "--rejoin", "-1"], "--rejoin is -1"),
        (["CheetahRun", "--port", "99999"], "--port is 99999"),
    ],
)
def test_wrong_words_are_refused_before_a_page_is_served(words, said, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "viser", sys)  # any module: none of it is used
    assert said in _refusal(words, capsys)
