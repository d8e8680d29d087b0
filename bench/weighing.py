"""What a browser fetches for a page on a first visit."""

import gzip
from dataclasses import dataclass

from playwright.sync_api import sync_playwright

from tests.browser.watching import OPTIONS, chromium_path

PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


@dataclass(frozen=True, slots=True)
class Weight:
    """Kilobytes over the wire, of them HTML, of how many files, and milliseconds to the first paint."""

    kilobytes: float
    html_kilobytes: float
    files: int
    first_paint: float


def weigh(address: str, path: str, cookie: str) -> Weight | None:
    """Open a page in an empty browser; None where there is no Chromium.

    Pages and files are sent as the server sends them; what it sends uncompressed (HTML, which a proxy in front
    compresses) counts as its gzip.
    """
    program = chromium_path()
    if program is None:
        return None
    sizes: list[tuple[int, bool]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        context = browser.new_context()
        pairs = [pair.split("=", 1) for pair in cookie.split("; ")]
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in pairs])
        page = context.new_page()
        answers = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        for answer in answers:
            if not answer.ok:
                raise AssertionError(f"{answer.url} was answered {answer.status}.")
            is_html = "text/html" in answer.headers.get("content-type", "")
            if answer.headers.get("content-encoding"):
                sizes.append((answer.request.sizes()["responseBodySize"], is_html))
            else:
                sizes.append((len(gzip.compress(answer.body(), 6)), is_html))
        paint = page.evaluate(PAINT)
        browser.close()
    total = sum(size for size, _is_html in sizes)
    return Weight(total / 1_000, sum(size for size, is_html in sizes if is_html) / 1_000, len(sizes), paint)
