"""Every format that a graph can be written as is found, listed and written: a new file in its folder is covered without a line here."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

from engine.export.registry import Format, Trained, filters, format_of, formats_in, metavar, refuse_ending
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build

FOLDERS = ("engine.export.formats", "ui.shell.picture_formats")
PROGRAMS: tuple[Format[Trained], ...] = formats_in(FOLDERS[0])


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_the_folder_is_a_format_with_an_ending_of_its_own(folder: str) -> None:
    formats: tuple[Format[object], ...] = formats_in(folder)
    names = [module.name for module in pkgutil.iter_modules(importlib.import_module(folder).__path__)]
    assert len(formats) == len(names) > 0
    assert len({form.ending for form in formats}) == len(formats)
    for form in formats:
        assert form.ending.startswith(".") and form.ending == form.ending.lower() and form.title and form.filter
        assert f"{form.filter} (*{form.ending})" in filters(formats).split(";;")
        assert form.ending[1:] in metavar(formats)
        assert format_of(Path(f"a{form.ending.upper()}"), formats) is form


@pytest.mark.parametrize("form", [form for form in PROGRAMS if form.text], ids=lambda form: form.title)
def test_a_program_is_written_and_names_what_is_in_the_graph(form: Format[Trained]) -> None:
    session = Model(build("width*y + z", CATALOG, {"width": 2.0, "y": -5.0, "z": 3.0}))
    text = form.write(Trained(session, "Four words of a title")).data.decode("utf-8")
    assert "width" in text and "Four words of a title" in text


def test_pictures_are_refused_under_another_ending() -> None:
    formats: tuple[Format[object], ...] = formats_in(FOLDERS[1])
    with pytest.raises(ValueError, match=r"g\.jpg: a picture's name ends in \.png, \.svg"):
        refuse_ending(Path("g.jpg"), formats, "a picture")
