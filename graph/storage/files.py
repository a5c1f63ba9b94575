"""Documents as files: JSON with one node or edge a line, or a zip of that JSON and tensors, which are carried along unread.

A file can be wrong, and is never dangerous: nothing in it is executed, and reading ends in a whole graph or in one FileError.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from graph.model.build import BuildError, build
from graph.model.document_settings import FILE_ORDER, SAVE_RUNS, RunsPlace
from graph.model.elements import Edge, Node, number
from graph.model.garbage import uncollected
from graph.model.graph import Graph
from graph.model.spec import Catalog
from graph.model.training_settings import BY_NAME as TRAINING
from graph.storage import embedded
from graph.storage.archive import MAXIMUM_ATTACHED, MAXIMUM_MEMBERS, ArchiveError, unzip, zip_members, zipped
from graph.storage.large_values import MAXIMUM_NUMBERS, is_too_large, with_large_values, without_large_values
from graph.storage.migrations import migrate
from graph.storage.paths import absolute, folder_names, open_regular, reason, stored
from graph.storage.run_files import FOLDER as RUNS_FOLDER
from graph.storage.run_files import KEY as RUNS
from graph.storage.run_files import RunsEntry, entry_of, members_of, runs_in
from graph.storage.run_json import SavedRunError
from graph.storage.runs_beside import RunsBeside, place_beside, read_beside
from graph.storage.saved import KEY as STATE
from graph.storage.saved import MEMBER as STATE_MEMBER
from graph.storage.saved import SavedState, SavedStateError
from graph.storage.saved_run import SavedRun
from graph.storage.scan import MAXIMUM_BYTES, ScanError, parse
from graph.storage.writing import FileIdentity, hint, identity_of, identity_of_bytes, replace_file
from graph.text.messages import _
from graph.text.quoting import one_line, quoted_name, quoted_path

FORMAT = "gradwire"
VERSION = 1

class FileError(Exception):
    """A file that cannot be read or written; the text is one sentence that names the file, what is wrong and where."""

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text, 600))


class FileChanged(FileError):
    """A file that another program has changed since it was read: saving over it would lose that."""


class RunsInTheWay(FileChanged):
    """A file with other runs lies where this document's would be written beside it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`read_only` says why the document must not be changed; empty when it may. `identity` is the file's as it was read.

    `state` are the trained values beside the document, None where it has none; `note` says why those there are, or its runs, could not be
    read. `runs` are those in its file or in a file beside it, which is `runs_identity`; `missing_runs` is what it says about runs whose
    file is not there.
    """

    graph: Graph
    read_only: str = ""
    state: SavedState | None = None
    note: str = ""
    identity: FileIdentity | None = None
    runs: tuple[SavedRun, ...] = ()
    runs_identity: FileIdentity | None = None
    missing_runs: RunsEntry | None = None


def load(path: Path | str, catalog: Catalog) -> Graph:
    """The graph in a file. Raises FileError."""
    return read(path, catalog).graph


def read(path: Path | str, catalog: Catalog, allow_newer: bool = False) -> Loaded:
    """The graph in a file; one of a newer version is a FileError, or with `allow_newer` read-only."""
    name = quoted_name(path)
    attachments: dict[str, bytes] = {}
    try:
        with open_regular(path) as file:
            identity = identity_of(file)
            start = file.read(4)
            file.seek(0)
            if start == b"PK\x03\x04":
                data, attachments = unzip(file, identity.size)
            else:
                data = file.read(MAXIMUM_BYTES + 1)
    except ArchiveError as problem:
        raise FileError(f"{name}: {problem}.{hint(path)}") from None
    except FileNotFoundError:
        raise FileError(_("{path}: there is no such file.").format(path=quoted_path(path))) from None
    except OSError as problem:
        raise FileError(f"{name}: {reason(problem)}.") from None
    folder = str(Path(path).resolve().parent)
    packed = attachments.pop(STATE_MEMBER, b"")
    members = {member: attachments.pop(member) for member in [*attachments] if member.startswith(RUNS_FOLDER)}
    try:
        loaded, entry = _loads(data, catalog, name, allow_newer, packed, folder)
    except FileError as problem:
        raise FileError(f"{problem}{hint(path)}") from None
    beside = _runs(entry, members | {STATE_MEMBER: packed}, path)
    for member in with_large_values(loaded.graph, attachments):
        if data.count(PurePosixPath(member).stem.encode()) == 1:  # nothing else refers to it
            del attachments[member]
    try:
        embedded.take_in(loaded.graph, attachments)
    except OSError as problem:
        raise FileError(_("{file}: its embedded files cannot be unpacked: {reason}.").format(file=name, reason=reason(problem))) from None
    loaded.graph.attachments.update(attachments)
    loaded.graph.folder = folder
    note = " ".join(text for text in (loaded.note, beside.note) if text)
    return replace(loaded, note=note, identity=identity, runs=beside.runs, runs_identity=beside.identity, missing_runs=beside.missing)


def _runs(content: Any, members: Mapping[str, bytes], path: Path | str) -> RunsBeside:
    """The runs of a document in its own file or beside it, and what to say where they cannot be read: it opens all the same."""
    if content is None:
        return RunsBeside()
    name, wrong = quoted_name(path), ""
    runs: tuple[SavedRun, ...] = ()
    try:
        entry = RunsEntry.from_json(content)
        if entry.file:
            return read_beside(path, entry)
        runs, wrong = runs_in(members)
    except SavedRunError as problem:
        text = _("{file}: its runs cannot be read ({problem}), so the document is open without them.")
        return RunsBeside(note=text.format(file=name, problem=problem))
    return RunsBeside(runs, _("{file}: not all of its runs can be read ({problem}).").format(file=name, problem=wrong) if wrong else "")


def loads(text: str | bytes, catalog: Catalog, origin: str = "the document", own: bool = False, folder: str = "") -> Graph:
    """The graph in a text. Raises FileError, whose text begins with `origin`. `own`: this program wrote it, of whatever size.

    Relative paths in it begin at `folder`.
    """
    data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
    return _loads(data, catalog, origin, False, folder=folder, own=own)[0].graph


def dumps(graph: Graph, state: SavedState | None = None, folder: str = "", alias: str = "", runs: RunsEntry | None = None) -> str:
    """The file's text: the same graph always gives the same text. Trained values come last: the document's lines stay as they are.

    Paths to files in or below `folder`, which may be called `alias` too, are relative to it.
    """
    return "".join(dumped(graph, state, folder, alias, runs))


def dumped(
    graph: Graph, state: SavedState | None = None, folder: str = "", alias: str = "", runs: RunsEntry | None = None
) -> Iterator[str]:  # fmt: skip
    """The same text in pieces, of the graph as it is when the first one is asked for, whatever becomes of it until the last."""
    head = [f'"format": {_json(FORMAT)}', f'"version": {VERSION}', f'"settings": {_json(_ordered(graph.settings, FILE_ORDER))}']
    nodes, edges = [*(_with_stored_paths(graph, folder, alias) if folder else graph.nodes.values())], [*graph.edges.values()]
    tail = [
        "".join(_rows(key, (_json(item.to_json()) for item in table.values())))
        for key, table in (("groups", graph.groups), ("frames", graph.frames), ("notes", graph.notes))
    ]
    tail.append(f'"training": {_json(_ordered(graph.training, TRAINING))}')
    tail.extend(f"{_json(key)}: {_json(value)}" for key, value in graph.extra.items())
    if runs is not None:
        tail.append(f"{_json(RUNS)}: {_json(runs.to_json())}")
    if state is not None:
        tail.append(f"{_json(STATE)}: {state.to_text()}")
    yield "{" + ",\n".join(head) + ",\n"
    yield from _rows("nodes", (_node_text(graph, node) for node in nodes))
    yield ",\n"
    yield from _rows("edges", map(_edge_text, edges))
    yield ",\n" + ",\n".join(tail) + "}\n"


def save(
    graph: Graph, path: Path | str, state: SavedState | None = None, runs: tuple[SavedRun, ...] = (), missing: RunsEntry | None = None
) -> FileIdentity:  # fmt: skip
    """Write a file, with trained values and runs beside the document, so that at every moment either the old or the new one is whole.

    The document's setting says whether runs go into its own file, into one beside it, which is written first, or are left out; `missing` is
    what it says about runs whose file is not there now. Raises FileError.
    """
    refuse_unusable(path)
    if state is not None and not runs:
        state = replace(state, run=0)
    attached = graph.attachments | dict(_embedded(graph, path))
    if state is not None and state.packed:
        attached[STATE_MEMBER] = state.packed
    place, entry = runs_place(graph), missing
    members: dict[str, bytes] = {}
    if place == "no":
        entry = None
    elif runs:
        members = members_of(runs, {STATE_MEMBER: attached.get(STATE_MEMBER, b"")} if place == "file" else {})
        entry = entry_of(members, place_beside(path).name if place == "beside" else "")
    if place == "file":
        attached = attached | members
    text = dumps(graph, state, *folder_names(path), runs=entry)
    if is_too_large(text):
        lean, values = without_large_values(graph)
        text = dumps(lean, state, *folder_names(path), runs=entry)
        attached = attached | values
        if is_too_large(text) or sum(map(len, values.values())) > 8 * MAXIMUM_NUMBERS:
            raise FileError(_("{file}: it cannot be saved: it holds more than could be read again.").format(file=quoted_name(path)))
    _refuse_too_much(attached, path)
    if place == "beside" and members:
        write_whole(place_beside(path), zip_members(sorted(members.items())))
    encoded = text.encode("utf-8", "backslashreplace")  # half a surrogate pair becomes its JSON escape
    data = zipped(encoded, attached) if attached else encoded
    write_whole(Path(path), data)
    return identity_of_bytes(path, data)


def runs_place(graph: Graph) -> RunsPlace:
    """Where the runs of a document are saved."""
    return graph.settings.get(SAVE_RUNS, "file")  # type: ignore[no-any-return]


def _refuse_too_much(attached: Mapping[str, bytes], path: Path | str) -> None:
    """Raise FileError for what could not be read again."""
    if sum(map(len, attached.values())) > MAXIMUM_ATTACHED:
        raise FileError(
            _("{file}: it cannot be saved: its tensors, runs and embedded files take more than {gigabytes} GB.").format(
                file=quoted_name(path), gigabytes=MAXIMUM_ATTACHED >> 30
            )
        )
    if len(attached) >= MAXIMUM_MEMBERS:
        raise FileError(_("{file}: it cannot be saved: it holds more than could be read again.").format(file=quoted_name(path)))


def _embedded(graph: Graph, path: Path | str) -> Mapping[str, bytes]:
    """The files inside the document. Raises FileError: a document that has lost one is not saved as if it were whole."""
    try:
        return embedded.members(graph)
    except OSError as problem:
        name = Path(problem.filename).name if problem.filename else ""
        text = _("{file}: it cannot be saved: its embedded file {name} is missing; choose the file again.")
        raise FileError(text.format(file=quoted_name(path), name=quoted_name(name))) from None


def refuse_unusable(path: Path | str) -> None:
    """Raise FileError for what no system takes as a path."""
    if "\0" in str(path):
        raise FileError(_("{file}: it cannot be saved: this is not a usable path.").format(file=quoted_name(path)))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file as `graph.storage.writing` does. Raises FileError."""
    try:
        replace_file(path, data)
    except OSError as problem:
        raise FileError(_("{file}: it cannot be saved: {reason}.").format(file=quoted_name(path), reason=reason(problem))) from None


def _loads(
    data: bytes, catalog: Catalog, origin: str, allow_newer: bool, packed: bytes = b"", folder: str = "", own: bool = False
) -> tuple[Loaded, Any]:  # fmt: skip
    """What a text holds, and what it says about its runs."""
    with uncollected():
        return _loaded(data, catalog, origin, allow_newer, packed, folder, own)


def _loaded(data: bytes, catalog: Catalog, origin: str, allow_newer: bool, packed: bytes, folder: str, own: bool) -> tuple[Loaded, Any]:
    try:
        content = parse(data, own)
    except ScanError as problem:
        raise FileError(f"{origin}: {problem}.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileError(_('{file}: this is not a Gradwire document: its "format" is not "{format}".').format(file=origin, format=FORMAT))
    version = content.get("version")
    if type(version) is not int or version < 1:
        raise FileError(_('{file}: "version" is not a whole number from 1 up.').format(file=origin))
    newer = ""
    if version > VERSION:
        if not allow_newer:
            raise FileError(
                _("{file}: it was written by a newer Gradwire (file version {version}, this one reads up to {readable}).").format(
                    file=origin, version=version, readable=VERSION
                )
            )
        newer = _(
            "{file}: it was written by a newer Gradwire (file version {version}, this one reads up to {readable}), "
            "so it is open for reading only."
        ).format(file=origin, version=version, readable=VERSION)
    state, note = _state(content.pop(STATE, None), packed, origin)
    runs = content.pop(RUNS, None)
    try:
        content = _with_whole_paths(content if newer else migrate(content), catalog, folder)
        return Loaded(build(content, catalog), newer, state, note), runs
    except BuildError as problem:
        if not newer:
            raise FileError(f"{origin}: {problem}.") from None
        raise FileError(
            _(
                "{file}: it was written by a newer Gradwire (file version {version}, this one reads up to {readable}) "
                "and cannot be read: {problem}."
            ).format(file=origin, version=version, readable=VERSION, problem=problem)
        ) from None


def _state(content: Any, packed: bytes, origin: str) -> tuple[SavedState | None, str]:
    """The trained values in a file, or what to say where they cannot be read: the document opens all the same."""
    try:
        return (None if content is None else SavedState.from_json(content, packed)), ""
    except SavedStateError as wrong:
        return None, _("{file}: its trained values cannot be read ({problem}), so the graph starts untrained.").format(
            file=origin, problem=wrong
        )


def _node_text(graph: Graph, node: Node) -> str:
    """A node's row. Put together from its parts where there is nothing unusual: `json` takes six times as long."""
    spec = graph.catalog.find(node.type)
    params = _ordered(node.params, [setting.name for setting in spec.settings]) if spec and len(node.params) > 1 else node.params
    if node.label or node.collapsed or node.bypassed or node.extra:
        return _json(node.to_json() | {"params": dict(params)})
    settings = _json(dict(params)) if params else "{}"
    head = f'{{"id": {_text(node.id)}, "type": {_text(node.type)}, "name": {_text(node.name)}, "params": {settings}'
    group = "null" if node.group is None else _text(node.group)
    return f'{head}, "x": {number(node.x)!r}, "y": {number(node.y)!r}, "group": {group}}}'


def _edge_text(edge: Edge) -> str:
    if edge.via or edge.extra:
        return _json(edge.to_json())
    (source, given), (target, taken) = edge.source, edge.target
    ends = f'"from": [{_text(source)}, {_text(given)}], "to": [{_text(target)}, {_text(taken)}, {edge.slot}]'
    return f'{{"id": {_text(edge.id)}, {ends}, "via": []}}'


def _ordered(values: Mapping[str, Any], first: Iterable[str]) -> dict[str, Any]:
    """Known keys in their order, the others after them by name, whatever order they were set in."""
    known = {name: values[name] for name in first if name in values}
    return known | {name: values[name] for name in sorted(values) if name not in known}


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_text = json.encoder.encode_basestring


def _json(value: Any) -> str:
    return _ENCODER.encode(value)


def _rows(key: str, rows: Iterable[str]) -> Iterator[str]:
    begun = False
    for row in rows:
        yield f",\n {row}" if begun else f'"{key}": [\n {row}'
        begun = True
    yield "\n]" if begun else f'"{key}": []'


def _with_whole_paths(content: dict[str, Any], catalog: Catalog, folder: str) -> dict[str, Any]:
    """The same content with the paths that are relative to the document made absolute."""
    rows = content.get("nodes")
    for row in rows if folder and isinstance(rows, list) else ():
        params = row.get("params") if isinstance(row, dict) else None
        if params and isinstance(params, dict):
            for name in _file_settings(catalog, row.get("type")):
                if isinstance(params.get(name), str):
                    params[name] = absolute(params[name], folder)
    return content


def _with_stored_paths(graph: Graph, folder: str, alias: str) -> Iterator[Node]:
    """The nodes as a document in `folder` writes them."""
    for node in graph.nodes.values():
        paths = {
            name: stored(node.params[name], folder, alias)
            for name in _file_settings(graph.catalog, node.type) if folder and isinstance(node.params.get(name), str)
        }  # fmt: skip
        yield replace(node, params={**node.params, **paths}) if paths else node


def _file_settings(catalog: Catalog, key: Any) -> list[str]:
    """The settings of a node type that name a file."""
    spec = catalog.find(key) if isinstance(key, str) else None
    return list(spec.file_settings) if spec is not None else []
