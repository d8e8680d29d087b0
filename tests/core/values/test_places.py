"""Places: what people copy from maps, devices and sheets, and what is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values import CellError, Coerced, Refused, place, written_place

PUNE = {"lat": "18.520430", "lon": "73.856743"}


def read(cell):
    result = place(cell)
    return result.code if isinstance(result, Refused) else result.value and result.value.stored()


@pytest.mark.parametrize(
    "written",
    [
        "18.520430, 73.856743",
        "18.520430,73.856743",
        " 18.5204304 73.8567431\u00a0",
        "18.52043; 73.856743",
        "+18.52043/+73.856743",
        "N 18.52043, E 73.856743",
        "18.52043 N 73.856743 E",
        "18.52043°N, 73.856743°E",
        "73.856743E 18.52043N",
        "18°31'13.548\"N 73°51'24.2748\"E",
        "18° 31′ 13.548″ N, 73° 51′ 24.2748″ E",
        "18 31 13.548 N 73 51 24.2748 E",
        "geo:18.520430,73.856743",
        "GEO:18.52043,73.856743,560?z=15",
        "https://www.google.com/maps/@18.52043,73.856743,15z",
        "https://www.google.com/maps/place/Pune/@18.5,73.8,12z/data=!3m1!4b1!4m5!3m4!1s0x3b!8m2!3d18.52043!4d73.856743",
        "https://maps.google.com/?q=18.52043,73.856743",
        "https://www.google.com/maps/search/?api=1&query=18.52043%2C73.856743",
        "https://www.google.com/maps/search/18.52043,+73.856743",
        "https://www.openstreetmap.org/?mlat=18.52043&mlon=73.856743#map=15/1/2",
        "https://www.openstreetmap.org/#map=15/18.52043/73.856743",
        "https://maps.apple.com/?ll=18.52043,73.856743&q=Pune",
        "https://www.bing.com/maps?cp=18.52043~73.856743&lvl=15",
    ],
)
def test_what_people_copy(written):
    assert read(written) == PUNE


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("'-33.86, -151.2", {"lat": "-33.860000", "lon": "-151.200000"}),
        ("-33.86, -151.2", {"lat": "-33.860000", "lon": "-151.200000"}),
        ("33°52'S 151°12'W", {"lat": "-33.866667", "lon": "-151.200000"}),
        ("90, 180", {"lat": "90.000000", "lon": "180.000000"}),
        ("-0.0000001, 10", {"lat": "0.000000", "lon": "10.000000"}),
        ("geo:1,2;crs=wgs84;u=35.4", {"lat": "1.000000", "lon": "2.000000", "accuracy": "35"}),
        ("18.52043, 73.856743 ±12 m", PUNE | {"accuracy": "12"}),
        ("18.52043, 73.856743 · MG Road,\nPune", PUNE | {"address": "MG Road, Pune"}),
        ({"lat": 18.52043, "lon": Decimal("73.856743")}, PUNE),
        ({"latitude": "18.52043", "lng": "73.856743", "accuracy": 11.6}, PUNE | {"accuracy": "12"}),
        ({"lat": "18.52043, 73.856743", "lon": ""}, PUNE),
        ({"lat": "18.52043", "lon": "73.856743", "address": " MG  Road "}, PUNE | {"address": "MG Road"}),
    ],
)
def test_what_is_kept(written, stored):
    assert read(written) == stored


@pytest.mark.parametrize(
    "blank", [None, "", " \u200b", {}, {"lat": "", "lon": None}, {"lat": " ", "address": ""}]
)
def test_nothing(blank):
    assert read(blank) is None


@pytest.mark.parametrize(
    "written",
    [
        "Pune", "18.52", "18.52,", "18,52, 73,35", "1.2.3, 4", "91, 10", "10, 181", "NaN, 1", "1e1, 2", "१८, ७३",
        "18.5, 73.8, 12", "18.5 73.8 Pune", "18°61'N 73°E", "18N 73N", "18.5N 73.8", "-18.5N 73.8E", "https://goo.gl/maps/x",
        "https://[", "geo:a,b", "1" * 4000, 18.5, True, ["18", "73"], {"lat": "18"}, {"lat": "18", "lon": "x"},
        {"lat": "18", "lon": "73", "zoom": 3}, {"lat": "18", "lon": "73", "accuracy": "-3"}, {"address": "Pune"},
        {"lat": [1], "lon": 2}, {"lat": float("nan"), "lon": 2}, {"lat": "18", "lon": "73", "accuracy": "1e9"},
    ],
)  # fmt: skip
def test_what_is_no_place(written):
    assert read(written) == "not_a_location"


def test_other_reasons():
    assert read(CellError("#REF!", "formula_error")) == "formula_error"
    assert read({"lat": 1, "lon": 1, "address": "x" * 301}) == "too_long"
    assert place("0, 0").warning == "improbable_location"


degrees = st.decimals(allow_nan=False, allow_infinity=False, places=6)


@given(
    st.decimals(-90, 90, places=6),
    st.decimals(-180, 180, places=6),
    st.none() | st.integers(0, 10_000),
    st.text(max_size=40),
)
def test_what_is_written_out_reads_back(latitude, longitude, accuracy, address):
    given_parts = {"lat": latitude, "lon": longitude, "accuracy": accuracy, "address": address}
    first = place(given_parts)
    if isinstance(first, Coerced):
        stored = first.value.stored()
        assert read(stored) == stored
        assert read(written_place(stored)) == stored
    else:
        assert first.code == "not_a_location"


@given(st.text(max_size=60) | st.from_regex(r"[0-9NSEW°'\"., -]{0,40}", fullmatch=True))
def test_no_text_makes_it_stumble(written):
    result = place(written)
    if isinstance(result, Coerced) and result.value:
        assert abs(result.value.latitude) <= 90 and abs(result.value.longitude) <= 180
