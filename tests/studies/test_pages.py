"""Pages with generated parts: markers and content belong together, links of the first page lead from where it stands."""

from __future__ import annotations

import pytest

from mosim_gym.studies.pages import filled, home_page

PAGE = "Before.\n\n<!-- generated: speed -->\nold\n<!-- end -->\n\nAfter.\n"


def test_a_marker_is_filled_and_prose_is_broken_into_lines():
    text = filled(PAGE, {"speed": f"| a |\n|---|\n\n{'word ' * 40}"}, "page.md")
    assert text.startswith("Before.\n\n<!-- generated: speed -->\n\n| a |\n|---|\n\nword ")
    assert text.endswith("\n\n<!-- end -->\n\nAfter.\n")
    assert "old" not in text
    assert max(map(len, text.splitlines())) <= 140


def test_no_line_of_prose_begins_with_a_number_that_markdown_takes_for_a_list():
    for words in range(20, 30):
        text = filled(PAGE, {"speed": f"{'word ' * words}seeds 0,\n1. After that, more. Seeds 0, 2."}, "page.md")
        assert "0, 2." in text
        assert not [line for line in text.splitlines() if line.startswith(("1.", "2."))]


@pytest.mark.parametrize("content", [{}, {"speed": "fast", "size": "small"}])
def test_a_marker_without_content_and_content_without_a_marker_are_told(content):
    with pytest.raises(ValueError, match=r"page\.md: markers and generated parts differ in s"):
        filled(PAGE, content, "page.md")


def test_links_of_the_first_page_lead_from_the_documentation():
    text = home_page("![a](docs/assets/a.png) [tasks](docs/tasks.md) [licence](LICENSE) [paper](https://example.org)\n")
    assert "![a](assets/a.png) [tasks](tasks.md) licence [paper](https://example.org)" in text
