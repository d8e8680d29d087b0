"""Workbooks of the old kind (XLS), made record by record: good ones, and what no program would write."""

import struct

BIFF5, BIFF8 = 0x0500, 0x0600
SECTOR, NONE, END, TABLE = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def record(kind, content=b""):
    """A record: its head and its content."""
    return struct.pack("<HH", kind, len(content)) + content


def text(characters, *, length="<H"):
    """A text of BIFF 8: its length, how wide its characters are, and they."""
    try:
        return struct.pack(length, len(characters)) + b"\x00" + characters.encode("latin-1")
    except UnicodeEncodeError:
        encoded = characters.encode("utf-16-le")
        return struct.pack(length, len(encoded) // 2) + b"\x01" + encoded


def number(row, column, value, style=0):
    return record(0x0203, struct.pack("<HHHd", row, column, style, value))


def packed(row, column, value, *, hundredths=False, style=0):
    """A whole number in thirty bits, perhaps of hundredths."""
    return record(0x027E, struct.pack("<HHHi", row, column, style, value << 2 | 2 | hundredths))


def label(row, column, characters, *, encoding=None):
    content = (
        text(characters)
        if encoding is None
        else struct.pack("<H", len(characters.encode(encoding))) + characters.encode(encoding)
    )
    return record(0x0204, struct.pack("<HHH", row, column, 0) + content)


def truth(row, column, value):
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, value, 0))


def error(row, column, code):
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, code, 1))


def formula(row, column, result, *, flags=0, style=0):
    """A formula cell; `result` is a number, or the eight bytes of another result."""
    saved = struct.pack("<d", result) if isinstance(result, float) else result
    return record(0x0006, struct.pack("<HHH8sHIH", row, column, style, saved, flags, 0, 0))


def stream(*sheets, before=b"", version=BIFF8, hidden=()):
    """The workbook's stream: globals, `before` among them, and the cells of (name, records) as its sheets."""
    begin = record(0x0809, struct.pack("<HHHHII", version, 0x0005, 0, 0, 0, 0))
    end = record(0x000A)

    def described(name, position):
        state = 1 if name in hidden else 0
        if version == BIFF8:
            return record(0x0085, struct.pack("<IBB", position, state, 0) + text(name, length="<B"))
        return record(0x0085, struct.pack("<IBBB", position, state, 0, len(name)) + name.encode("cp1252"))

    size = len(begin) + len(before) + sum(len(described(name, 0)) for name, _cells in sheets) + len(end)
    parts, listed = [], []
    for name, cells in sheets:
        listed.append(described(name, size))
        part = record(0x0809, struct.pack("<HHHHII", version, 0x0010, 0, 0, 0, 0)) + cells + end
        parts.append(part)
        size += len(part)
    return begin + before + b"".join(listed) + end + b"".join(parts)


def container(path, **streams):
    """An OLE container of these streams, each in sectors of its own; underscores in names are spaces."""
    padded = {
        name: content.ljust(max(4096, -(-len(content) // SECTOR) * SECTOR), b"\x00")
        for name, content in streams.items()
    }
    directory, sectors, following = [_entry("Root Entry", 5, END, 0)], [], []
    for name, content in padded.items():
        first = len(sectors)
        directory.append(_entry(name.replace("_", " "), 2, first, len(content)))
        pieces = [content[at : at + SECTOR] for at in range(0, len(content), SECTOR)]
        sectors += pieces
        following += [*range(first + 1, first + len(pieces)), END]
    listed = b"".join(directory)
    listed = listed.ljust(-(-len(listed) // SECTOR) * SECTOR, b"\x00")
    at_directory = len(sectors)
    pieces = [listed[at : at + SECTOR] for at in range(0, len(listed), SECTOR)]
    sectors += pieces
    following += [*range(at_directory + 1, at_directory + len(pieces)), END]
    tables = 1
    while tables * (SECTOR // 4) < len(sectors) + tables:
        tables += 1
    at_tables = len(sectors)
    following += [TABLE] * tables
    table = struct.pack(f"<{len(following)}I", *following).ljust(tables * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        0, tables, at_directory, 0, 4096, END, 0, END, 0,
    )  # fmt: skip
    places = [*range(at_tables, at_tables + tables)]
    header += struct.pack("<109I", *places, *[NONE] * (109 - len(places)))
    path.write_bytes(header + b"".join(sectors) + table)
    return path


def _entry(name, kind, start, size):
    encoded = name.encode("utf-16-le") + b"\x00\x00"
    return (
        encoded.ljust(64, b"\x00")
        + struct.pack("<HBB", len(encoded), kind, 1)
        + struct.pack("<III", NONE, NONE, NONE)
        + b"\x00" * 36
        + struct.pack("<IQ", start, size)
    )


def old_workbook(path, *cells, **options):
    """A workbook with one sheet, Leads, of these records."""
    return container(path, Workbook=stream(("Leads", b"".join(cells)), **options))
