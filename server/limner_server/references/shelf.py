"""A folder of references: NAME.jpg, .png or .webp with NAME.json beside it.

NAME.ANYTHING.jpg beside them is the same hair on a head that is turned otherwise.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from limner_server.references.files import read_bounded, sync_folder, write_whole
from limner_server.references.reference import (
    ENDINGS,
    MOST_PHOTO_BYTES,
    MOST_TEXT_BYTES,
    Unusable,
    check_name,
    check_photo,
    read_reference,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from limner_server.references.reference import Description, Reference, Source

log = logging.getLogger(__name__)

MOST: Final = 1000
"""References that one folder holds."""

MOST_VIEWS: Final = 8
"""Photos of one reference."""

TEXT: Final = ".json"


class NameTaken(Exception):
    """A reference of that name is there already."""


class NameUnknown(Exception):
    """No reference of that name is there."""


@dataclass(frozen=True)
class _Files:
    """The files of one name, each with its size and when it was written."""

    found: tuple[tuple[str, int, int], ...]

    def photos(self) -> list[str]:
        return [file for file, _, _ in self.found if not file.endswith(TEXT)]

    def views(self, name: str) -> list[str]:
        """Return the photos of a reference, the one that has its name alone first."""
        photos = self.photos()
        own = [file for file in photos if Path(file).stem == name]
        if len(own) != 1:
            raise Unusable(f"it has {len(own) or 'no'} photos of its name alone, and needs one")
        if len(photos) > MOST_VIEWS:
            raise Unusable(f"it has {len(photos)} photos, and may have {MOST_VIEWS}")
        return own + [file for file in photos if file not in own]


class Shelf:
    """The references of a folder, each read again only when its files have changed.

    What cannot be used is skipped, and the log says why once. For several threads.
    """

    def __init__(self, folder: Path, source: Source) -> None:
        """Read nothing yet; the folder need not be there."""
        self._folder = folder
        self._source = source
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[_Files, Reference | Unusable]] = {}
        self._left_out = 0

    def references(self) -> dict[str, Reference]:
        """Return what the folder holds now, by name."""
        with self._lock:
            self._look()
            return {n: one for n, (_, one) in self._seen.items() if not isinstance(one, Unusable)}

    def faults(self) -> dict[str, str]:
        """Return why some names are skipped."""
        with self._lock:
            self._look()
            return {n: str(one) for n, (_, one) in self._seen.items() if isinstance(one, Unusable)}

    def photo(self, reference: Reference) -> bytes:
        """Return the data of a reference's photo.

        Raises:
            Unusable: It has just changed or gone.
        """
        with self._lock:
            if reference.name not in self._seen:
                self._look()
            if reference.name not in self._seen:
                raise Unusable(f"{reference.name} has gone")
        return read_bounded(self._folder / reference.file, MOST_PHOTO_BYTES)

    def add(self, name: str, photos: Sequence[bytes], described: Description) -> Reference:
        """Store photos under a new name; a crash leaves all of it or nothing that counts.

        Args:
            name: None that the folder has.
            photos: One at least; the others show the same hair on a head turned otherwise.
            described: What is said of it.

        Raises:
            Unusable: The name, a photo or the description cannot be a reference's.
            NameTaken: There is one already.
            OSError: The folder cannot be written.
        """
        check_name(name)
        if len(photos) > MOST_VIEWS:
            raise Unusable(f"{len(photos)} photos are more than {MOST_VIEWS}")
        text = json.dumps(described.to_json(), indent=2).encode()
        written = {_file_of(name, place, data): data for place, data in enumerate(photos)}
        reference = _together(written, text, self._source)
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            if name in self._listed():
                raise NameTaken(f"there is a reference named {name} already; remove it first")
            for file, data in written.items():
                write_whole(self._folder / file, data)
            write_whole(self._folder / f"{name}{TEXT}", text)  # from here on it counts
        return reference

    def remove(self, name: str) -> None:
        """Take a reference away, damaged or not.

        Raises:
            NameUnknown: There is none.
            OSError: The folder cannot be written.
        """
        with self._lock:
            files = self._listed().get(name)
            if files is None:
                raise NameUnknown(f"no reference in {self._folder} is named {name}")
            (self._folder / f"{name}{TEXT}").unlink()  # from here on it does not count
            for photo in files.photos():
                (self._folder / photo).unlink()
            sync_folder(self._folder)

    def _look(self) -> None:
        """Read what is new or has changed; forget what has gone."""
        listed = self._listed()
        for name in self._seen.keys() - listed.keys():
            del self._seen[name]
        for name, files in listed.items():
            if name not in self._seen or self._seen[name][0] != files:
                self._seen[name] = files, self._read(name, files)

    def _read(self, name: str, files: _Files) -> Reference | Unusable:
        try:
            check_name(name)
            text = read_bounded(self._folder / f"{name}{TEXT}", MOST_TEXT_BYTES)
            photos = {
                file: read_bounded(self._folder / file, MOST_PHOTO_BYTES)
                for file in files.views(name)
            }
            return _together(photos, text, self._source)
        except Unusable as fault:
            told = {"folder": str(self._folder), "reference": name[:80], "reason": str(fault)}
            log.warning("a reference is skipped", extra=told)
            return fault

    def _listed(self) -> Mapping[str, _Files]:
        """Return the files of every name that has a description; of the first MOST names."""
        found: dict[str, list[tuple[str, int, int]]] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    name, ending = Path(entry.name).stem, Path(entry.name).suffix
                    name = name if ending == TEXT else name.partition(".")[0]
                    if not entry.name.startswith(".") and (ending == TEXT or ending in ENDINGS):
                        found.setdefault(name, []).append(_mark(entry))
        except FileNotFoundError:
            return {}
        except OSError as error:
            told = {"folder": str(self._folder), "reason": str(error.strerror)}
            log.warning("the references cannot be listed", extra=told)
            return {name: files for name, (files, _) in self._seen.items()}
        described = [n for n in sorted(found) if any(f[0] == n + TEXT for f in found[n])]
        self._say_left_out(len(described) - MOST)
        return {name: _Files(tuple(sorted(found[name]))) for name in described[:MOST]}

    def _say_left_out(self, count: int) -> None:
        if count > 0 and count != self._left_out:
            told = {"folder": str(self._folder), "left_out": count}
            log.warning("the folder holds too many references", extra=told)
        self._left_out = count


def _file_of(name: str, place: int, photo: bytes) -> str:
    """Return what the file of a reference's photo is called; the first has its name alone."""
    kind = check_photo(photo)
    ending = next(ending for ending, held in ENDINGS.items() if held == kind)
    return f"{name}.{place}{ending}" if place else f"{name}{ending}"


def _together(photos: Mapping[str, bytes], text: bytes, source: Source) -> Reference:
    """Return the reference that photos are of, by their files' names, the first one first."""
    first, *others = (read_reference(file, data, text, source) for file, data in photos.items())
    return replace(first, others=tuple(others))


def _mark(entry: os.DirEntry[str]) -> tuple[str, int, int]:
    try:
        status = entry.stat()
    except OSError:  # a link that leads nowhere, or a file that has just gone
        return entry.name, -1, -1
    return entry.name, status.st_size, status.st_mtime_ns
