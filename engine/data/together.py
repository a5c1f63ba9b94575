"""Whether the Data nodes of one graph go together: they are read row by row, so their rows have to be the same samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.data.errors import DataError
from engine.data.loading import DataSet
from engine.data.specs import DATA_SETS, leading
from graph.model.edits import SetParam
from graph.model.problem import Problem, Repair
from graph.model.settings import complaint
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from graph.model.graph import Graph


def disagreements(graph: Graph, loaded: Mapping[str, DataSet | DataError]) -> list[Problem]:
    """One problem for each Data node whose rows cannot be those of the first one, with the repair that makes them so."""
    first = leader(graph, loaded)
    others = [node for node, data in loaded.items() if isinstance(data, DataSet) and node != first]
    return [problem for node in others if first is not None for problem in _against(graph, first, node, loaded)]


def leader(graph: Graph, loaded: Mapping[str, DataSet | DataError]) -> str | None:
    """The Data node whose split holds for the graph; where none has a split of its own, the first."""
    nodes = [node for node, data in loaded.items() if isinstance(data, DataSet)]
    return nodes[leading([DATA_SETS[graph.setting(node, "dataset")] for node in nodes]) or 0] if nodes else None


def _against(graph: Graph, first: str, node: str, loaded: Mapping[str, Any]) -> Iterator[Problem]:
    a, b = graph.nodes[first].name, graph.nodes[node].name
    one, two = loaded[first], loaded[node]
    if one.total != two.total:
        text = Message(
            "sample-counts-differ",
            "data sets in one graph are read together, row by row, but {first} has {count:,} samples and {second} has {other:,}",
            first=a,
            count=one.total,
            second=b,
            other=two.total,
        )
        yield Problem("error", text, (node, first), repairs=_as_many(graph, node, one.total), about=b)
        return
    mine, other = graph.settings_of(node), graph.settings_of(first)
    if not DATA_SETS[mine["dataset"]].has_split:
        return
    for name in ("seed", "test_fraction", "validation_fraction"):
        if mine[name] == other[name] or not _own(mine, name):
            continue
        what = {"seed": _("seed"), "test_fraction": _("test fraction"), "validation_fraction": _("validation fraction")}[name]
        text = Message(
            "splits-differ",
            "its {what} is {value:g}, but that of {a} is {other:g}. Both are read together, row by row, and share one split: with a "
            "different {what}, test rows of {a} would train {b}",
            what=what,
            value=mine[name],
            a=a,
            other=other[name],
            b=b,
        )
        edit = SetParam(node, name, other[name]).to_json()
        yield Problem(
            "error",
            text,
            (node, first),
            repairs=(Repair(_("Give {node} the {setting} {number:g}").format(node=b, setting=what, number=other[name]), (edit,)),),
            about=b,
        )
    if mine["seed"] != other["seed"] and not _own(mine, "seed") and mine["dataset"] == other["dataset"]:
        edit = SetParam(node, "seed", other["seed"]).to_json()
        text = Message(
            "generator-seeds-differ",
            "it is drawn with a different seed than {a}, so the same row of both belongs to different samples",
            a=a,
        )
        yield Problem(
            "warning",
            text,
            (node, first),
            repairs=(Repair(_("Give {node} the seed {seed}").format(node=b, seed=other["seed"]), (edit,)),),
            about=b,
        )


def _own(settings: Mapping[str, Any], name: str) -> bool:
    """Whether a setting decides nothing but the split: in drawn sets the seed draws the samples too."""
    return name != "seed" or not DATA_SETS[settings["dataset"]].made


def _as_many(graph: Graph, node: str, total: int) -> tuple[Repair, ...]:
    """The repair that draws as many samples as the other has."""
    spec = graph.spec(node).setting("samples")
    if not DATA_SETS[graph.setting(node, "dataset")].made or spec is None or complaint(spec, total):
        return ()
    edit = SetParam(node, "samples", total).to_json()
    return (Repair(_("Give {name} {total:,} samples").format(name=graph.nodes[node].name, total=total), (edit,)),)
