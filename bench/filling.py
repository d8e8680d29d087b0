"""Filling a stack with leads, by the product's own import."""

from bench.sample import write_file
from bench.stack import BenchStack


def filled(stack: BenchStack, size: int) -> dict[str, str]:
    """Make the organisation and bring so many leads in; return the e-mail of each person."""
    emails: dict[str, str] = stack.call("work.preparing:make_organization")
    file = stack.folder / "leads.csv"
    write_file(file, size)
    stack.call("work.importing:load_file", path=str(file))
    file.unlink()
    found = stack.call("work.preparing:spread_leads")
    assert found == size, f"{found} leads instead of {size}"
    return emails
