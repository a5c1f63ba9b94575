"""The runs of a document as members of an archive: in the document's own file, or in a file beside it.

Each run is a JSON text (record, points, what its other members are called), the loss of every step as little-endian float64, and its
states. States and documents are named by their contents, so that runs share those that are equal. `runs/index.json` names the runs and the
digests of their texts, which hold the digests of the rest: what is read is what was written, or it is left out and said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.storage.run_json import SavedRunError, points_json, read_points, read_record, record_json
from graph.storage.saved import SavedState, SavedStateError
from graph.storage.saved_run import SavedLosses, SavedRun
from graph.storage.scan import MAXIMUM_BYTES, ScanError, parse
from graph.text.messages import _, ngettext
from graph.text.quoting import quoted

FOLDER = "runs/"
INDEX = "runs/index.json"
KEY = "runs"
"""The entry in the document's text that says that there are runs, and where."""
FORMAT, VERSION = "gradwire-runs", 1
MOST_RUNS = 5000
MOST_STATES = 10_000


@dataclass(frozen=True, slots=True)
class RunsEntry:
    """What a document says about its runs: how many, the digest of their index, and the name of the file beside it that has them.

    Without a `file` they are in the document's own.
    """

    count: int
    sha256: str
    file: str = ""

    def to_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"count": self.count, "sha256": self.sha256}
        return entry | ({"file": self.file} if self.file else {})

    @classmethod
    def from_json(cls, content: Any) -> RunsEntry:
        """Raises SavedRunError."""
        file = content.get("file", "") if isinstance(content, dict) else None
        if not isinstance(file, str) or len(file) > 250 or any(letter in "/\\\0" for letter in file) or file in (".", ".."):
            raise SavedRunError(_('"{KEY}" does not say where they are').format(KEY=KEY))
        count, digest = content.get("count"), content.get("sha256")
        if type(count) is not int or not 0 <= count <= MOST_RUNS or not isinstance(digest, str):
            raise SavedRunError(_('"{KEY}" does not say where they are').format(KEY=KEY))
        return cls(count, digest, file)


def members_of(runs: Iterable[SavedRun], held: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """The archive's members for these runs; the same runs give the same bytes. `held` are members that are there already, to be shared."""
    names = {_digest(data): name for name, data in (held or {}).items() if data}
    members: dict[str, bytes] = {}
    index: dict[str, str] = {}

    def stored(data: bytes, name: str, ending: str) -> dict[str, str]:
        """Where these bytes are: a member of their own, or one with the same bytes."""
        digest = _digest(data)
        if digest not in names:
            names[digest] = f"{FOLDER}{name or digest[:32]}{ending}"
            members[names[digest]] = data
        return {"file": names[digest], "sha256": digest}

    for run in runs:
        content: dict[str, Any] = {"record": record_json(run.record), "points": points_json(run.points), "stride": run.stride}
        losses = run.losses
        if losses.steps:
            about = {"first": losses.first, "steps": losses.steps, "stride": losses.stride}
            content["losses"] = about | stored(losses.values, f"{run.record.id}", ".losses")
        content["states"] = [
            state.to_json() | (stored(state.packed, "", ".safetensors") if state.packed else {}) for state in run.states
        ]  # fmt: skip
        if run.document:
            content["document"] = stored(run.document.encode("utf-8", "backslashreplace"), "", ".json")
        text = _lines(content)
        name = f"{FOLDER}{run.record.id}.json"
        members[name], index[str(run.record.id)] = text, _digest(text)
    members[INDEX] = _lines({"format": FORMAT, "version": VERSION, "runs": index})
    return members


def entry_of(members: Mapping[str, bytes], file: str = "") -> RunsEntry:
    """What the document says about these members."""
    return RunsEntry(len(json.loads(members[INDEX])["runs"]), _digest(members[INDEX]), file)


def runs_in(members: Mapping[str, bytes]) -> tuple[tuple[SavedRun, ...], str]:
    """The runs of an archive in order of their ids, and what to say about those that cannot be read, as a clause; "" where all can.

    Raises SavedRunError where none can be read at all.
    """
    index = _parsed(members.get(INDEX), _("the list of the runs"))
    version, listed = index.get("version"), index.get("runs")
    if index.get("format") != FORMAT or type(version) is not int or not isinstance(listed, dict) or len(listed) > MOST_RUNS:
        raise SavedRunError(_("the list of the runs is damaged"))
    if version > VERSION:
        raise SavedRunError(_("they were written by a newer Gradwire"))
    runs: dict[int, SavedRun] = {}
    wrong = []
    for name, digest in listed.items():
        try:
            run = _run(name, digest, members)
            runs[run.record.id] = run
        except SavedRunError as problem:
            wrong.append(_("run {name}: {problem}").format(name=quoted(name), problem=problem))
    return tuple(runs[identity] for identity in sorted(runs)), _unreadable(wrong)


def _unreadable(wrong: list[str]) -> str:
    if len(wrong) < 2:
        return "".join(wrong)
    more = ngettext("and {n} more run cannot be read", "and {n} more runs cannot be read", len(wrong) - 1).format(n=len(wrong) - 1)
    return f"{wrong[0]}; {more}"


def _run(name: str, digest: Any, members: Mapping[str, bytes]) -> SavedRun:
    text = members.get(f"{FOLDER}{name}.json")
    if text is None or _digest(text) != digest:
        raise SavedRunError(_("it is missing or damaged"))
    content = _parsed(text, _("its text"))
    record = read_record(content.get("record"))
    states = content.get("states", [])
    if str(record.id) != name or not isinstance(states, list) or len(states) > MOST_STATES:
        raise SavedRunError(_("it is not the run it is called"))
    try:
        read = tuple(SavedState.from_json(state, _member(state, members)) for state in states)
    except SavedStateError as problem:
        raise SavedRunError(str(problem)) from None
    if any(a.step > b.step for a, b in zip(read, read[1:], strict=False)):
        raise SavedRunError(_("its states are not in order"))
    document = _checked(content["document"], members) if "document" in content else b""
    if len(document) > MAXIMUM_BYTES:
        raise SavedRunError(_("its document is too large"))
    points, losses, stride = read_points(content.get("points", {})), _losses(content.get("losses"), members), content.get("stride", 1)
    if type(stride) is not int or not 0 < stride < 2**63:
        raise SavedRunError(_("its curve is not a table of numbers"))
    return SavedRun(record, points, losses, read, stride, document.decode("utf-8", "replace"))


def _losses(about: Any, members: Mapping[str, bytes]) -> SavedLosses:
    if about is None:
        return SavedLosses()
    values = _checked(about, members)
    first, steps, stride = (about.get(name) for name in ("first", "steps", "stride"))
    if not all(type(number) is int and 0 <= number < 2**63 for number in (first, steps, stride)) or not stride:
        raise SavedRunError(_("its losses are damaged"))
    if len(values) != 8 * -(-steps // stride) * (1 if stride == 1 else 3):
        raise SavedRunError(_("its losses are damaged"))
    return SavedLosses(first, steps, stride, values)


def _member(about: Any, members: Mapping[str, bytes]) -> bytes:
    """The bytes that a state is stored in; none where its numbers are in the text."""
    name = about.get("file") if isinstance(about, dict) else None
    return members.get(name, b"") if isinstance(name, str) else b""


def _checked(about: Any, members: Mapping[str, bytes]) -> bytes:
    data = _member(about, members)
    if not isinstance(about, dict) or about.get("sha256") != _digest(data):
        raise SavedRunError(_("a part of it is missing or damaged"))
    return data


def _parsed(data: bytes | None, what: str) -> dict[str, Any]:
    if data is None:
        raise SavedRunError(_("{what} is missing").format(what=what))
    try:
        content = parse(data)
    except ScanError:
        raise SavedRunError(_("{what} is damaged").format(what=what)) from None
    if not isinstance(content, dict):
        raise SavedRunError(_("{what} is damaged").format(what=what))
    return content


def _lines(content: Mapping[str, Any]) -> bytes:
    """JSON with an entry a line."""
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}" for key, value in content.items())
    return ("{" + rows + "}\n").encode("utf-8", "backslashreplace")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
