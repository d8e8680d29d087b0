"""The zip package of a workbook: checked before anything in it is unpacked, then its parts by name."""

import posixpath
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from xml.parsers.expat import ExpatError

from core.intake.readers.limits import MEGABYTE, ReadLimits
from core.intake.readers.refusals import FileRefused, cut_workbook, with_password
from core.intake.readers.styles import NumberKind, kinds_of_styles
from core.intake.readers.xml_parts import DeclarationFound, Element, elements, encoding_before_root

BOMB_RATIO: Final = 250
"""XML of real sheets packs to a tenth or a hundredth; what packs better than this is made to burst."""

BOMB_FLOOR: Final = 50 * MEGABYTE
"""Below this size no ratio matters."""

_ROOT_RELATIONS = "_rels/.rels"
_XML_ENDINGS = (".xml", ".rels", ".vml")


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet: its name, its part in the package, whether people do not see it, and whether the part is
    in an encoding that is ASCII for tags (so that bytes may be searched)."""

    name: str
    part: str
    hidden: bool
    ascii_compatible: bool


class Package:
    """An opened workbook package; a context manager."""

    def __init__(self, archive: zipfile.ZipFile, workbook_part: str, encodings: dict[str, str]) -> None:
        self._archive = archive
        self._encodings = encodings
        relations = self._relations(workbook_part)
        described = self._elements(workbook_part)
        self.sheets = self._sheet_parts(described, relations)
        self.counts_from_1904 = any(
            element.name == "workbookPr" and element.attributes.get("date1904") in ("1", "true")
            for element in described
        )
        self.shared_strings_part = _of_kind(relations, "sharedStrings")
        styles_part = _of_kind(relations, "styles")
        self.style_kinds: list[NumberKind] = (
            kinds_of_styles(self._elements(styles_part)) if styles_part else []
        )

    def open(self, part: str) -> IO[bytes]:
        """The unpacked bytes of a part, as a stream."""
        return self._archive.open(part)

    def __enter__(self) -> "Package":
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def _sheet_parts(
        self, described: list[Element], relations: dict[str, tuple[str, str]]
    ) -> list[SheetPart]:
        parts = []
        for element in described:
            if element.parent != "sheets" or element.name != "sheet":
                continue
            kind, part = relations.get(element.attributes.get("id", ""), ("", ""))
            if kind != "worksheet" or part not in self._archive.NameToInfo:
                continue
            parts.append(
                SheetPart(
                    name=element.attributes.get("name", ""),
                    part=part,
                    hidden=element.attributes.get("state", "visible") != "visible",
                    ascii_compatible=self._encodings.get(part) in ("utf-8", "us-ascii", "ascii"),
                )
            )
        return parts

    def _elements(self, part: str) -> list[Element]:
        with self.open(part) as stream:
            return elements(stream)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """By id: the kind of a related part and its name in the package."""
        folder, name = posixpath.split(part)
        relations_part = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations_part not in self._archive.NameToInfo:
            return {}
        return _resolved(self._elements(relations_part), folder, self._archive)


def open_package(path: Path, *, filename: str, limits: ReadLimits) -> Package:
    """Open and check a workbook package.

    Raises FileRefused for a cut or damaged archive, a password, what would burst, a document type declaration
    in any XML part, and an archive that is no XLSX workbook.
    """
    archive = open_archive(path, filename=filename, limits=limits)
    try:
        return package_in(archive, filename=filename)
    except BaseException:
        archive.close()
        raise


def package_in(archive: zipfile.ZipFile, *, filename: str) -> Package:
    """The workbook package that a checked archive is; it closes the archive with itself.

    Raises FileRefused for a document type declaration in any XML part, and for what is no XLSX workbook.
    """
    encodings = _encodings_without_declarations(archive, filename)
    return Package(archive, _workbook_part(archive, filename), encodings)


def open_archive(path: Path, *, filename: str, limits: ReadLimits) -> zipfile.ZipFile:
    """Open a zip archive of any kind; raise FileRefused where it is cut, has a password or would burst."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        raise cut_workbook(filename) from None
    try:
        _refuse_bombs(archive, filename, limits)
        if any(entry.flag_bits & 1 for entry in archive.infolist()):
            raise with_password(filename)
        return archive
    except BaseException:
        archive.close()
        raise


def _refuse_bombs(archive: zipfile.ZipFile, filename: str, limits: ReadLimits) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    bursting = any(
        entry.file_size > BOMB_FLOOR and entry.file_size > BOMB_RATIO * max(entry.compress_size, 1)
        for entry in entries
    )
    if len(entries) > limits.archive_entries or unpacked > limits.uncompressed_bytes or bursting:
        raise FileRefused(
            "zip_bomb",
            f"“{filename}” would unpack to {unpacked // MEGABYTE:,} MB in {len(entries):,} parts, which is "
            "more than a workbook of its size holds. Copy the rows into a new workbook and upload that.",
        )


def _encodings_without_declarations(archive: zipfile.ZipFile, filename: str) -> dict[str, str]:
    """The encoding of each XML part; raises FileRefused when one declares a document type."""
    encodings = {}
    for entry in archive.infolist():
        if not entry.filename.lower().endswith(_XML_ENDINGS) or not entry.file_size:
            continue
        try:
            with archive.open(entry) as stream:
                encodings[entry.filename] = encoding_before_root(stream)
        except DeclarationFound:
            raise declares_entities(filename, entry.filename) from None
        except (ExpatError, LookupError):
            # A part that is no XML matters only if it is one that is read; its reader then says so.
            encodings[entry.filename] = ""
    return encodings


def declares_entities(filename: str, part: str) -> FileRefused:
    """The refusal for a part with a document type declaration."""
    return FileRefused(
        "xml_bomb",
        f"“{filename}” declares XML entities in {part}, which no spreadsheet program "
        "writes. Copy the rows into a new workbook and upload that.",
    )


def _workbook_part(archive: zipfile.ZipFile, filename: str) -> str:
    names = archive.NameToInfo
    if _ROOT_RELATIONS in names:
        with archive.open(_ROOT_RELATIONS) as stream:
            part = _of_kind(_resolved(elements(stream), "", archive), "officeDocument")
        if part and part.endswith(".xml") and not part.startswith(("word/", "ppt/")):
            return part
    raise FileRefused("not_a_table", _other_archive(archive, filename))


def _other_archive(archive: zipfile.ZipFile, filename: str) -> str:
    names = archive.NameToInfo
    if "xl/workbook.bin" in names:
        return f"“{filename}” is a binary workbook (XLSB). Open it, save it as XLSX, and upload that."
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return f"“{filename}” looks like a document, not like a table. Save the rows as XLSX or CSV."
    return f"“{filename}” looks like a zip archive. Unpack it and upload the XLSX or CSV file inside."


def _resolved(relations: list[Element], folder: str, archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    names = {name.lower(): name for name in archive.NameToInfo}
    found = {}
    for element in relations:
        if element.name != "Relationship":
            continue
        target = element.attributes.get("Target", "")
        absolute = target[1:] if target.startswith("/") else posixpath.join(folder, target)
        part = posixpath.normpath(absolute)
        kind = element.attributes.get("Type", "").rpartition("/")[2]
        found[element.attributes.get("Id", "")] = (kind, names.get(part.lower(), part))
    return found


def _of_kind(relations: dict[str, tuple[str, str]], wanted: str) -> str | None:
    return next((part for kind, part in relations.values() if kind == wanted), None)
