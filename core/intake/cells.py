"""Cells as JSON and back, so that a row that stayed out keeps the types it came with."""

import datetime as dt
from decimal import Decimal
from typing import Any

from core.values import Cell, CellError, PercentNumber


def storable(text: str) -> str:
    """Return the text without what PostgreSQL refuses: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


def write_cell(cell: Cell) -> Any:
    """Return the JSON form of a cell; types that JSON lacks become {"type": …, "value": …}."""
    match cell:
        case str():
            return storable(cell)
        case None | bool():
            return cell
        case CellError():
            return {"type": "error", "value": storable(cell.text), "code": cell.code}
        case PercentNumber():
            return {"type": "percent", "value": repr(float(cell))}
        case float() if cell != cell or cell in (float("inf"), float("-inf")):
            return {"type": "error", "value": str(cell), "code": "not_a_number"}
        case int() | float():
            return cell
        case Decimal():
            return {"type": "decimal", "value": format(cell, "f")}
        case dt.datetime():
            return {"type": "datetime", "value": cell.isoformat()}
        case dt.date():
            return {"type": "date", "value": cell.isoformat()}
        case dt.time():
            return {"type": "time", "value": cell.isoformat()}
        case dt.timedelta():
            return {"type": "duration", "value": cell.total_seconds()}


def read_cell(written: Any) -> Cell:
    """Return the cell that `write_cell` wrote."""
    if not isinstance(written, dict):
        return written
    value = written["value"]
    match written["type"]:
        case "error":
            return CellError(value, written["code"])
        case "percent":
            return PercentNumber(value)
        case "decimal":
            return Decimal(value)
        case "datetime":
            return dt.datetime.fromisoformat(value)
        case "date":
            return dt.date.fromisoformat(value)
        case "time":
            return dt.time.fromisoformat(value)
    return dt.timedelta(seconds=value)
