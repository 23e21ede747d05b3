"""Archives (zip, npz, and what else is one inside: xlsx, odx): every file in them, one after another."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from dyadflow.privacy.contents.kinds import Shown, Text, Unreadable, look_into


def look(data: bytes, file: str) -> Iterator[Text | Shown]:
    """Names, comments and contents of the members."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield Text(archive.comment.decode("utf-8", "replace"), "the archive's comment")
            for member in archive.infolist():
                yield Text(member.filename, "the name of a member")
                yield Text(member.comment.decode("utf-8", "replace"), f"the comment of {member.filename}")
                if member.is_dir():
                    continue
                for part in look_into(archive.read(member), member.filename):
                    where = f"{member.filename}, {part.where}" if part.where else member.filename
                    yield Text(part.text, where) if isinstance(part, Text) else Shown(part.kind, part.what, where)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error) as error:
        raise Unreadable(f"this archive cannot be read ({error})") from None
