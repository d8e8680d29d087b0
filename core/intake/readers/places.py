"""Where a value stands in a sheet, in the words of spreadsheets."""


def column_letter(index: int) -> str:
    """The letters of a column by its index from 0: A, Z, AA, XFD."""
    letters = ""
    number = index + 1
    while number:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def cell_reference(sheet: str, row: int, column: int) -> str:
    """Where a value stands, for people: `Leads!D57`, or `D57` where there are no sheets."""
    place = f"{column_letter(column)}{row}"
    return f"{sheet}!{place}" if sheet else place
