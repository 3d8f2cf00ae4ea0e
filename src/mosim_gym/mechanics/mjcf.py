"""Self-contained MJCF: a model's text with every included file spliced in, so that MuJoCo alone can load it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from xml.etree import ElementTree


def inline_includes(xml: str | bytes, assets: Mapping[str, bytes | str]) -> str:
    """`xml` with each `<include file=…/>` replaced by that file's content, taken from `assets`.

    Numbers are copied as text, so the compiled model is the same to the last bit. Meshes, height fields and textures from files do not fit
    into one MJCF file and raise `ValueError`.
    """
    files = {posixpath.normpath(name): content for name, content in assets.items()}
    root = ElementTree.fromstring(xml)
    _splice(root, files)
    for element in root.iter():
        if element.tag in ("mesh", "hfield", "texture", "skin") and "file" in element.attrib:
            raise ValueError(
                f"The model reads {element.attrib['file']!r} for its {element.tag}; a self-contained robot needs it inlined "
                "(mesh vertices) or replaced by a primitive shape."
            )
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _splice(parent: ElementTree.Element, files: Mapping[str, bytes | str]) -> None:
    for index in reversed(range(len(parent))):
        child = parent[index]
        if child.tag != "include":
            _splice(child, files)
            continue
        name = posixpath.normpath(child.attrib["file"])
        if name not in files:
            raise ValueError(f"The model includes {name!r}, which is not among its assets: {', '.join(sorted(files))}.")
        included = ElementTree.fromstring(files[name])
        _splice(included, files)
        parent[index : index + 1] = list(included)
