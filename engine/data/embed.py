"""Puts the files of a Data node into the document, a piece at a time."""

from __future__ import annotations

import io
import os
import zipfile

from engine.data.embedding import EmbedFiles
from engine.data.errors import DataError
from engine.data.files import absolute_path
from engine.data.pictures import cifar, idx
from engine.data.pictures.image_files import SUFFIXES
from engine.data.pictures.trees import Folder
from engine.numerics.job import JobError, JobReport, Steps
from graph.storage.embedded import MAXIMUM_BYTES, is_embedded, keep
from graph.storage.paths import open_regular, reason
from graph.text.messages import _
from graph.text.quoting import quoted_name

AT_ONCE = 50
"""Files between two points where the job can be left."""


def embed_files(_context: object, job: EmbedFiles) -> Steps:
    """Raises JobError, in words for the owner of the files."""
    wanted = {setting: absolute_path(path, job.folder) for setting, path in job.paths if path.strip() and not is_embedded(path)}
    try:
        wanted |= _beside(wanted)
        if job.measure:
            yield JobReport()
            return sum(_size(path) for path in wanted.values())
        answer: dict[str, str] = {}
        for setting, path in wanted.items():
            name = os.path.basename(os.path.normpath(path))
            if os.path.isdir(path) or _with_names(path):
                data = yield from _packed(path)
                name = f"{os.path.splitext(name)[0] if os.path.isfile(path) else name}.zip"
            else:
                yield JobReport(text=_("reading {file}").format(file=quoted_name(path)))
                data = _bytes(path)
            answer[setting] = keep(name, data)
        return answer
    except DataError as error:
        raise JobError(str(error)) from None
    except OSError as error:
        raise JobError(_("The file cannot be embedded: {reason}.").format(reason=reason(error))) from None


def _beside(wanted: dict[str, str]) -> dict[str, str]:
    """The labels of an IDX file, which are found by their name as long as they lie beside it."""
    path = wanted.get("pictures_path", "")
    if "labels_path" in wanted or not os.path.isfile(path):
        return {}
    with open_regular(path) as file:
        if not idx.is_idx(idx.opened(file.read(1024))):
            return {}
    folder, own = os.path.split(path)
    present = {name.lower(): name for name in os.listdir(folder)}
    names = [present[other.lower()] for other in idx.partner(own) if other.lower() in present]
    return {"labels_path": os.path.join(folder, names[0])} if names else {}


def _with_names(path: str) -> bool:
    """Whether a file is a batch of CIFAR-10 with the names of its classes beside it."""
    folder, name = os.path.split(path)
    return bool(cifar.BATCH.fullmatch(name)) and os.path.isfile(os.path.join(folder, cifar.NAMES))


def _parts(path: str) -> tuple[str, list[str]]:
    """The folder to pack, and the files in it that are read as data."""
    if os.path.isfile(path):
        folder, name = os.path.split(path)
        return folder, [name, cifar.NAMES]
    files = Folder(path).files
    return path, sorted(name for name in files if name.lower().endswith((*SUFFIXES, ".bin", "ubyte", "ubyte.gz", cifar.NAMES)))


def _size(path: str) -> int:
    if os.path.isdir(path) or _with_names(path):
        folder, files = _parts(path)
        return sum(os.stat(os.path.join(folder, *name.split("/"))).st_size for name in files)
    return os.stat(path).st_size


def _packed(path: str) -> Steps:
    """A zip archive of a folder's data, the same for the same files. Raises DataError."""
    folder, files = _parts(path)
    if not files:
        raise DataError(_("{folder}: there is nothing in it that could be embedded").format(folder=quoted_name(path)))
    stream, held = io.BytesIO(), 0
    with zipfile.ZipFile(stream, "w") as archive:
        for at, name in enumerate(files):
            if at % AT_ONCE == 0:
                yield JobReport(at, len(files), _("file {done:,} of {total:,}").format(done=at + 1, total=len(files)))
            data = _bytes(os.path.join(folder, *name.split("/")))
            held += len(data)
            if held > MAXIMUM_BYTES:
                raise _too_large(path)
            archive.writestr(zipfile.ZipInfo(name), data)  # a fixed date; pictures hardly shrink
    return stream.getvalue()


def _bytes(path: str) -> bytes:
    with open_regular(path) as file:
        data = file.read(MAXIMUM_BYTES + 1)
    if len(data) > MAXIMUM_BYTES:
        raise _too_large(path)
    return data


def _too_large(path: str) -> DataError:
    text = _("{file}: it has more than {megabytes:,} MB, too much for one document; leave it beside the document instead")
    return DataError(text.format(file=quoted_name(path), megabytes=MAXIMUM_BYTES >> 20))
