"""Tables as files for people: CSV that spreadsheets open as it is meant, and workbooks with typed cells.

No cell of a file is ever a formula: what people typed may begin with = and stays text.
"""

from core.files_out.cells import Cell
from core.files_out.comma_separated import csv_chunks
from core.files_out.workbooks import write_workbook

__all__ = ["Cell", "csv_chunks", "write_workbook"]
