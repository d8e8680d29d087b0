"""What every page must hold to, whoever looks at it: accessible, no wider than the window, light."""

import gzip

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What a page may weigh, compressed, with all it loads before its first paint.
HEAVIEST = 150 * 1024


def violations(page: Page, part: str = "") -> list[str]:
    """What axe finds on the page as it stands, or on what the selector `part` finds of it, one line each."""
    # All that passes is checked and not told one by one: telling takes longer than checking.
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, context=part or None, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def axe(page: Page, part: str = "") -> None:
    """Assert that axe finds nothing on the page as it stands, or on what the selector `part` finds of it."""
    # What has been scrolled half under a bar that stays is not small for good.
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    problems = violations(page, part)
    assert problems == [], f"{page.url}: {problems}"


def fits(page: Page) -> None:
    """Assert that nothing sticks out of the window sideways."""
    assert page.evaluate(OVERFLOW) <= 0, f"{page.url} is wider than its window"


def look(page: Page, part: str = "") -> None:
    """Assert all that can be asserted of any page; of a page that was looked at before, `part` is new."""
    axe(page, part)
    fits(page)


def weight(page: Page, path: str) -> dict[str, tuple[int, int]]:
    """Load a page with nothing cached; return (bytes as sent, bytes compressed) of each thing it loads."""
    responses: list[Response] = []

    def note(response: Response) -> None:
        responses.append(response)

    page.context.on("response", note)
    session = page.context.new_cdp_session(page)
    session.send("Network.clearBrowserCache")
    page.goto(path, wait_until="networkidle")
    session.detach()
    page.context.remove_listener("response", note)
    return {response.url: _sizes(response) for response in responses if response.status == 200}


def _sizes(response: Response) -> tuple[int, int]:
    sent = response.request.sizes()["responseBodySize"]
    if "content-encoding" in response.headers:
        return sent, sent
    return sent, min(sent, len(gzip.compress(response.body(), 6)))
