"""A tag is released if tag, version and changelog say the same."""

from __future__ import annotations

import pytest
from check_release import fault

LOG = "# Changelog\n\n## 0.2.0 (2026-12-01)\n\n## 0.1.0 (2026-01-01)\n"


def test_a_dated_version_with_its_tag_may_be_released():
    assert fault("v0.2.0", "0.2.0", LOG) is None
    assert fault("v0.2.0rc1", "0.2.0rc1", LOG.replace("0.2.0", "0.2.0rc1")) is None


@pytest.mark.parametrize(
    ("tag", "version", "log", "said"),
    [
        ("v0.2.0.dev0", "0.2.0.dev0", LOG, "The version 0.2.0.dev0 is none to release"),
        ("v0.2.1", "0.2.0", LOG, "The tag v0.2.1 is not v0.2.0"),
        ("0.2.0", "0.2.0", LOG, "The tag 0.2.0 is not v0.2.0"),
        ("v0.2.0", "0.2.0", LOG.replace("2026-12-01", "unreleased"), "CHANGELOG.md must begin with '## 0.2.0"),
        ("v0.1.0", "0.1.0", LOG, "CHANGELOG.md must begin with '## 0.1.0"),
        ("v0.2.0", "0.2.0", "", "CHANGELOG.md must begin with '## 0.2.0"),
    ],
)
def test_others_are_refused_with_the_reason(tag, version, log, said):
    assert fault(tag, version, log).startswith(said)
