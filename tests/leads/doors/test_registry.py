"""No door is missing from the registry."""

from fnmatch import fnmatchcase
from pathlib import Path

from tests.leads.doors.house import LINES
from tests.leads.doors.registry import COMMANDS, DOORS_THAT_WRITE, QUERIES, SOCKETS, THAT_TELL, is_spoken_of

CHECKOUT = Path(__file__).parents[3]


def test_every_writing_door_is_spoken_of() -> None:
    writing = {line.url for line in LINES if line.method != "GET"}
    assert sorted(url for url in writing if not is_spoken_of(url)) == [], (
        "Say in tests/leads/doors/registry.py where these are tried, or why they tell nothing of a lead."
    )
    assert all(DOORS_THAT_WRITE.values())


def test_the_registry_speaks_of_no_door_that_is_gone() -> None:
    writing = {line.url for line in LINES if line.method != "GET"}
    reading = {line.url for line in LINES if line.method == "GET"}
    unused = [each for each in DOORS_THAT_WRITE if not any(fnmatchcase(url, each) for url in writing)]
    assert unused == []
    assert sorted({*QUERIES, *THAT_TELL} - reading) == []


def test_every_command_is_spoken_of() -> None:
    folder = CHECKOUT / "leads/management/commands"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(COMMANDS)


def test_a_socket_is_refused_without_a_probe() -> None:
    rooms = ("config", "core", "accounts", "leads")
    found = [
        str(path.relative_to(CHECKOUT))
        for room in rooms
        for path in (CHECKOUT / room).rglob("*.py")
        if "websocket" in path.read_text().lower()
    ]
    assert not found or SOCKETS, f"Name each socket in SOCKETS, and listen to it in a test: {found}"
