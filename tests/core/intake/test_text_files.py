"""Text files: any encoding and separator Excel writes, and one clear error for what is broken."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.intake.readers import FileRefused, ReadLimits, open_table
from tests.core.intake.files import read, refusal

HEADER = ["Full Name", "Mobile No", "City"]
ROWS = [["Zoë Rao", "09930587478", "Pune"], ["Ana ₹", "+91 98765 43210", "Delhi"]]
LEADS = "Full Name,Mobile No,City\nZoë Rao,09930587478,Pune\nAna ₹,+91 98765 43210,Delhi\n"


def numbered(rows, first=1):
    return list(enumerate(rows, start=first))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_with_and_without_a_mark(tmp_path, encoding):
    file = tmp_path / "leads.csv"
    file.write_bytes(LEADS.encode(encoding))

    assert read(file) == numbered([HEADER, *ROWS])


def test_utf16_with_a_big_endian_mark(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_bytes(b"\xfe\xff" + LEADS.encode("utf-16-be"))

    assert read(file) == numbered([HEADER, *ROWS])


def test_windows_1252_is_read_with_a_notice(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_bytes("name,fee\nJosé Müller,€ 5\n“ÉLODIE” – Çelik,£6\nZoé".encode("cp1252"))

    with open_table(file, filename="leads.csv", limits=ReadLimits()) as source:
        assert [row.cells for row in source.rows()][1:] == [
            ["José Müller", "€ 5"],
            ["“ÉLODIE” – Çelik", "£6"],
            ["Zoé"],
        ]
        assert [notice.code for notice in source.notices] == ["windows_1252"]


@pytest.mark.parametrize(
    "broken",
    [
        "Zoë,Pune\nAna,".encode() + b"\xff" + b"Delhi\n",
        "Zoë,Pune\nJos".encode() + b"\xe9" + b",Delhi\n",
        b"Ana,Mum\xffbai\nZoe,Pune\n",
        b"Ana,\xc3\x28\nZoe,Pune\n",
        b"Ana\xe2\x82,Pune\n",
        b"\xef\xbb\xbfJos\xe9,Pune\n",
        b"Ana,\x81Pune\n",
    ],
)
def test_broken_utf8_is_one_error_that_names_the_byte(tmp_path, broken):
    file = tmp_path / "leads.csv"
    file.write_bytes(b"name,city\n" * (not broken.startswith(b"\xef")) + broken)

    error = refusal(file)

    assert error.code == "broken_encoding"
    assert "byte " in error.message and "line " in error.message


def test_the_broken_byte_is_counted_right_far_into_the_file(tmp_path):
    file = tmp_path / "leads.csv"
    good = "Zoë,Pune\n".encode() * 200_000
    file.write_bytes(good + b"An\xffa,Delhi\n")

    assert f"byte {len(good) + 3:,} on line 200,001 " in refusal(file).message


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path, delimiter):
    file = tmp_path / "leads.csv"
    lines = ["Enquiries, as of today", "", delimiter.join(HEADER), *(delimiter.join(row) for row in ROWS)]
    file.write_text("\r\n".join(lines) + "\r\n", newline="")

    assert read(file)[1:] == numbered([HEADER, *ROWS], first=3)


def test_separators_inside_quotes_and_amounts_do_not_decide(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text('name;amount;note\n"a;b,c,d,e";1,25,000;"x,y,z,w"\nq;2,50,000;"p,q,r,s"\n')

    assert read(file) == [
        (1, ["name", "amount", "note"]),
        (2, ["a;b,c,d,e", "1,25,000", "x,y,z,w"]),
        (3, ["q", "2,50,000", "p,q,r,s"]),
    ]


def test_the_separator_that_excel_declares_is_no_row(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text("sep=^\r\nname^city\r\nAna^Pune, Delhi\r\n", newline="")

    assert read(file) == [(1, ["name", "city"]), (2, ["Ana", "Pune, Delhi"])]


def test_rows_are_numbered_as_excel_shows_them(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text('name,note\n\n"Ana","two\nlines"\n,,\nZoe,x\n')

    assert read(file) == [(1, ["name", "note"]), (3, ["Ana", "two\nlines"]), (5, ["Zoe", "x"])]
    assert read(file, after=3) == [(5, ["Zoe", "x"])]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_end(tmp_path, line_end):
    file = tmp_path / "leads.csv"
    file.write_text(line_end.join(["a,b", "1,2", "3,4"]), newline="")

    assert read(file) == [(1, ["a", "b"]), (2, ["1", "2"]), (3, ["3", "4"])]


def test_quotes_after_a_space_are_quotes(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text('a, "b", "c"\n1, "x, y", "z"\n')

    assert read(file)[1] == (2, ["1", "x, y", "z"])


def test_longer_rows_keep_all_their_cells_and_blanks_at_the_end_do_not_count(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text("a,b\n1,2,3,4\n5,,,\n")

    assert read(file) == [(1, ["a", "b"]), (2, ["1", "2", "3", "4"]), (3, ["5"])]


@pytest.mark.parametrize("content", [b"", b"\n\n  \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_an_empty_file(tmp_path, content):
    file = tmp_path / "leads.csv"
    file.write_bytes(content)

    assert refusal(file).code == "empty_file"


def test_a_file_cut_inside_quotes(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text('name,employer\nAna,"Sem, Vora and Sachar"\nZoe,"Barad, Choudh')

    error = refusal(file)

    assert error.code == "cut_off"
    assert "row 3" in error.message


def test_a_file_cut_inside_a_row(tmp_path, loan_leads_csv):
    file = tmp_path / "leads.csv"
    file.write_bytes(loan_leads_csv[: len(loan_leads_csv) // 2])

    error = refusal(file)

    assert error.code == "cut_off"
    assert "Upload the whole file again." in error.message


def test_a_file_cut_inside_a_character(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_bytes("name,fee\nAna,₹ 5\nZoe,₹".encode()[:-1])

    assert refusal(file).code == "cut_off"


def test_a_last_row_that_is_short_by_intent_is_kept(tmp_path):
    file = tmp_path / "leads.csv"
    full = "a,b,c\n" + "1,2,3\n" * 20
    file.write_text(full + "Total,22")
    assert read(file)[-1] == (22, ["Total", "22"])

    file.write_text(full + "7,8\n")
    assert read(file)[-1] == (22, ["7", "8"])

    file.write_text("a,b,c\n" + "1,2,3\n1,2\n" * 20 + "7")
    assert read(file)[-1] == (42, ["7"])

    file.write_text("a,b,c\n1,2,3\n7,8")
    assert read(file)[-1] == (3, ["7", "8"])


def test_zero_bytes(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_bytes(b"name,city\n" + b"Ana,Pune\n" * 1000 + b"Zo\x00e,Delhi\n")

    error = refusal(file)

    assert error.code == "binary_content"
    assert "line 1,002" in error.message


def test_too_many_columns(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text(",".join(f"c{number}" for number in range(3000)) + "\n" + ",".join(["1"] * 3000) + "\n")

    error = refusal(file)

    assert error.code == "too_many_columns"
    assert "DKJ1" in error.message


def test_blank_columns_are_no_columns(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text("a,b" + "," * 3000 + "\n1,2" + "," * 3000 + "\n")

    assert read(file) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_a_cell_that_is_too_long(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text('a,b\n1,"' + "x" * 2_000_000 + '"\n')

    error = refusal(file)

    assert error.code == "cell_too_long"
    assert "row 2" in error.message


def test_a_long_cell_within_the_limit_is_read(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text('a,b\n1,"' + "x" * 900_000 + '"\n')

    assert len(read(file)[1][1][1]) == 900_000


def test_limits_of_bytes_cells_and_lines(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text("a,b\n" + "1,2\n" * 100)

    assert refusal(file, file_bytes=50).code == "too_large"
    assert refusal(file, cells=50).code == "too_many_cells"
    file.write_text("a" * 1000 + ",")
    assert refusal(file, line_bytes=500).code == "line_too_long"


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"%PDF-1.7\n...", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "a PNG picture"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "a JPEG picture"),
        (b"  <!DOCTYPE html><html>", "a web page"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "a web page"),
        (b'<?xml version="1.0"?><Workbook/>', "an XML document"),
        (b'[{"name": "Ana"}]', "a JSON document"),
        (b'{"name": "Ana"}', "a JSON document"),
        (b"\x1f\x8b\x08" + b"\0" * 20, "a gzip archive"),
        ('<?xml version="1.0"?><Workbook/>'.encode("utf-16"), "an XML document"),
    ],
)
def test_what_is_no_table_is_called_by_its_name(tmp_path, content, looks):
    file = tmp_path / "leads.csv"
    file.write_bytes(content)

    error = refusal(file)

    assert error.code == "not_a_table"
    assert looks in error.message


def test_a_text_file_called_a_workbook_is_read_with_a_notice(tmp_path):
    file = tmp_path / "leads.xlsx"
    file.write_text("a,b\n1,2\n")

    with open_table(file, filename="leads.xlsx", limits=ReadLimits()) as source:
        assert source.kind == "csv"
        assert [notice.code for notice in source.notices] == ["wrong_extension"]


def test_a_source_tells_its_size_and_may_be_read_again_and_at_once(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text("a,b\n\n1,2\n3,4\n")

    with open_table(file, filename="leads.csv") as source:
        (sheet,) = source.sheets
        assert (sheet.name, sheet.rows, sheet.last_row, sheet.columns) == ("", 3, 4, 2)
        first, second = source.rows(), source.rows()
        assert next(first) == next(second)
        assert list(first) == list(second)
        with pytest.raises(KeyError):
            list(source.rows("Leads"))


PIECES = st.one_of(
    st.sampled_from(
        [
            b",",
            b";",
            b"\t",
            b'"',
            b'""',
            b"\n",
            b"\r\n",
            b"\r",
            b"\x00",
            b"\xff",
            b"\xef\xbb\xbf",
            b"PK\x03\x04",
        ]
    ),
    st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(max_size=6).map(lambda text: text.encode("utf-16-le", "surrogatepass")),
    st.binary(max_size=6),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=12).map(b"".join).filter(lambda content: not content.startswith(b"PK")))
def test_any_bytes_give_rows_or_one_clear_error(tmp_path, content):
    file = tmp_path / "leads.csv"
    file.write_bytes(content)

    try:
        rows = read(file)
    except FileRefused as error:
        assert error.code and error.message.endswith(".")
    else:
        assert all(cells and cells[-1] for _, cells in rows)
        assert [number for number, _ in rows] == sorted({number for number, _ in rows})
