"""OpenDocument spreadsheets (ODS) made by hand, from the XML inside their tables."""

import zipfile

URN = "urn:oasis:names:tc:opendocument:xmlns"
SPACES = " ".join(
    [
        *(f'xmlns:{name}="{URN}:{name}:1.0"' for name in ("office", "table", "text", "style")),
        f'xmlns:draw="{URN}:drawing:1.0"',
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"',
    ]
)
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="content.xml">{inside}</manifest:file-entry></manifest:manifest>'
)


def content(*tables, styles="", head='<?xml version="1.0" encoding="UTF-8"?>'):
    """The content part of a spreadsheet with these tables."""
    return (
        f"{head}<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )


def table(rows, *, name="Leads", style=""):
    """A table of these rows, which are XML."""
    attribute = f' table:style-name="{style}"' if style else ""
    return f'<table:table table:name="{name}"{attribute}>{rows}</table:table>'


def row(*cells, repeated=None):
    attribute = f' table:number-rows-repeated="{repeated}"' if repeated is not None else ""
    return f"<table:table-row{attribute}>{''.join(cells)}</table:table-row>"


def cell(value=None, *, repeated=None, **attributes):
    """A cell: a text, a number, or whatever `attributes` say (`office__value_type` is office:value-type)."""
    written = {name.replace("__", ":").replace("_", "-"): each for name, each in attributes.items()}
    inside = ""
    if isinstance(value, str):
        written.setdefault("office:value-type", "string")
        inside = f"<text:p>{value}</text:p>"
    elif value is not None:
        written |= {"office:value-type": "float", "office:value": str(value)}
    if repeated is not None:
        written["table:number-columns-repeated"] = str(repeated)
    attributes_text = "".join(f' {name}="{each}"' for name, each in written.items())
    return f"<table:table-cell{attributes_text}>{inside}</table:table-cell>"


def document(path, *tables, parts=None, encrypted=False, mimetype=MIMETYPE, **options):
    """A spreadsheet of these tables; `parts` replace or add parts of the package."""
    inside = "<manifest:encryption-data/>" if encrypted else ""
    files = {
        "mimetype": mimetype,
        "content.xml": content(*tables, **options),
        "META-INF/manifest.xml": MANIFEST.format(inside=inside),
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, written in files.items():
            archive.writestr(name, written)
    return path
