"""What this workflow computed, as SSI streams: features, and the probabilities of held-out sessions."""

import json
from pathlib import Path

import h5py
import numpy as np

from dyadflow.annotations.formats.writing import Writing
from dyadflow.annotations.issues import Issue, Issues
from dyadflow.errors import DyadflowError
from dyadflow.features.ssi_stream import write_stream
from dyadflow.features.stream import open_stream


def export_stream(source: str | Path, destination: str | Path, session: str | None = None) -> Writing:
    """Write a feature stream, or one session of a cell's probabilities, as an SSI stream of FLOAT.

    Parameters
    ----------
    source
        A dense stream as `StreamWriter` writes it, or a cell's ``probabilities.h5``: a dataset (frames, classes) a
        session, with the attributes ``classes`` and ``rate_hz`` of the file.
    destination
        The ``.stream`` file to write.
    session
        Of probabilities: which; not needed if there is one only.

    Returns
    -------
    Writing
        The two files, and an issue if frames are not valid: an SSI stream cannot say so, they become NaN.

    Raises
    ------
    DyadflowError
        If the source is neither, is a store of tokens (each frame is many vectors), or has no such session.
    """
    source, destination = Path(source), Path(destination)
    if not source.is_file():
        raise DyadflowError("there is no such file", where=str(source), fix="compute it first")
    try:
        with h5py.File(source, "r") as file:
            if "classes" in file.attrs:
                return _export_probabilities(file, source, destination, session)
    except (OSError, KeyError):
        raise DyadflowError("this is not a whole HDF5 file", where=str(source), fix="compute it again") from None
    if session is not None:
        raise DyadflowError("a feature stream is of one session", where=str(source), fix="leave the session out")
    return _export_features(source, destination)


def _export_features(source: Path, destination: Path) -> Writing:
    stream = open_stream(source)
    if stream.kind != "dense":
        raise DyadflowError(
            f"each frame of this {stream.kind} store is many vectors, and a sample of an SSI stream is one",
            where=str(source), fix="export a dense stream, such as that of a sound or of motion",
        )
    values = stream.values.astype(np.float32).reshape(len(stream.valid), -1)
    values[~stream.valid] = np.nan
    meta = {name: str(value) for name, value in stream.attributes.items() if name not in ("rate_hz", "start_s")}
    files = write_stream(
        values, destination, rate_hz=stream.grid.rate_hz, start_s=float(stream.attributes.get("start_s", 0.0)),
        meta=meta,
    )
    invalid = int((~stream.valid).sum())
    what = f"{invalid} of {len(values)} frames are not valid, which a stream cannot say: their values become NaN"
    return Writing(files, Issues((Issue("not_held", what, file=source.name),) if invalid else ()))


def _export_probabilities(file: h5py.File, source: Path, destination: Path, session: str | None) -> Writing:
    sessions = sorted(file)
    if session is None and len(sessions) == 1:
        session = sessions[0]
    if session is None or session not in sessions:
        raise DyadflowError(
            f"there are probabilities of {len(sessions)} sessions, and none is chosen" if session is None
            else f"there are no probabilities of session {session!r}",
            where=str(source), fix=f"choose one of {', '.join(sessions)} (--session)",
        )
    meta = {"session": session, "target": str(file.attrs.get("target", ""))}
    meta |= {name: str(value) for name, value in file[session].attrs.items()}
    files = write_stream(
        file[session][()].astype(np.float32), destination, rate_hz=float(file.attrs["rate_hz"]),
        dimensions=json.loads(file.attrs["classes"]), meta=meta,
    )
    return Writing(files)
