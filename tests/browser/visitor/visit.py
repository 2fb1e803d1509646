"""One person's visit to a site with a real Chromium, told on standard output: a line of JSON for each step.

Runs in a container of its own, with screenshots in ./screenshots. The first step that fails ends the visit.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import (  # type: ignore[import-not-found]
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    sync_playwright,
)

NAME = os.environ["VISITOR_NAME"]
PASSWORD = os.environ["VISITOR_PASSWORD"]
HTTP_URL = os.environ["SITE_HTTP_URL"]
HTTPS_URL = os.environ["SITE_HTTPS_URL"]
CA_CERTIFICATE = os.environ["SITE_CA_CERTIFICATE"]
CHROMIUM_ARGUMENTS = json.loads(os.environ["CHROMIUM_ARGUMENTS"])
SCREENSHOTS = Path("screenshots")
STEP_SECONDS = 60


def main() -> None:
    """Visit the site, first as somebody who does not know its authority."""
    SCREENSHOTS.mkdir()
    with chromium() as browser:
        tell("stranger", error=error_of_opening(browser.new_page()))
    trust(CA_CERTIFICATE)
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(STEP_SECONDS * 1000)
        errors = errors_of(context)
        page = context.new_page()
        try:
            visit(context, page)
        except Exception:
            for number, open_page in enumerate(context.pages):
                open_page.screenshot(path=SCREENSHOTS / f"failed-{number}.png")
            raise
        finally:
            tell("console", errors=errors)


def errors_of(context: BrowserContext) -> list[str]:
    """What its pages report as an error in the console, from now on."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} {message.location['url']}")

    context.on("console", note)
    context.on("weberror", lambda raised: errors.append(f"uncaught: {raised.error}"))
    return errors


def visit(context: BrowserContext, page: Page) -> None:
    """Everything between typing the address and logging out."""
    log_in(page)
    start_server(page)
    compute(page)
    home = open_control_panel(context, page)
    page.close()
    stop_server(home)
    log_out(home)


def tell(step: str, **facts: object) -> None:
    print(json.dumps({"step": step, **facts}))  # noqa: T201 - the test reads it


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def trust(certificate: str) -> None:
    """Import an authority, as a person does in Chromium's settings."""
    folder, file = Path.home() / ".pki/nssdb", Path("ca.pem")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(certificate)
    database = f"sql:{folder}"
    if not (folder / "cert9.db").exists():
        subprocess.run(["certutil", "-N", "--empty-password", "-d", database], check=True)
    subprocess.run(["certutil", "-A", "-d", database, "-n", "site", "-t", "C,,", "-i", file], check=True)


def error_of_opening(page: Page) -> str:
    try:
        page.goto(HTTP_URL)
    except Error as error:
        return str(error.message)
    return ""


def log_in(page: Page) -> None:
    page.goto(HTTP_URL)
    tell("log-in page", url=page.url, title=page.title(), text=page.locator("body").inner_text())
    page.screenshot(path=SCREENSHOTS / "1-log-in.png")
    fill_in_form(page, "not the password")
    tell("wrong password", text=page.locator("#login-main").inner_text())
    page.screenshot(path=SCREENSHOTS / "2-wrong-password.png")
    fill_in_form(page, PASSWORD)


def fill_in_form(page: Page, password: str) -> None:
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.get_by_role("button", name="Sign in").click()


def start_server(page: Page) -> None:
    page.wait_for_url("**/hub/spawn-pending/*", wait_until="domcontentloaded")
    message = page.locator("#progress-message").filter(has_text=re.compile(r"\w"))
    message.wait_for()
    page.screenshot(path=SCREENSHOTS / "3-progress.png")
    tell(
        "progress",
        url=page.url,
        message=message.inner_text(),
        percent=page.locator("#progress-bar").get_attribute("aria-valuenow"),
    )
    page.wait_for_url("**/user/*/lab*")
    page.locator(".jp-Launcher").wait_for()
    # What JupyterLab has to say to somebody who comes for the first time, it says within two seconds.
    page.wait_for_timeout(2000)
    messages = page.locator(".Toastify__toast").all_inner_texts()
    tell("JupyterLab", url=page.url, title=page.title(), messages=messages)
    page.screenshot(path=SCREENSHOTS / "4-jupyterlab.png")


def compute(page: Page) -> None:
    heard: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda _: heard.append(socket.url)))
    page.locator(".jp-LauncherCard[data-category=Notebook]").filter(has_text="Python 3").click()
    page.locator(".jp-Notebook .cm-content").first.click()
    # JupyterLab forgets a cell that is run before it has heard of the kernel; a person types slower than that.
    while not any("/channels" in url for url in heard):
        page.wait_for_timeout(100)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.keyboard.type("6*7")
    page.keyboard.press("Shift+Enter")
    result = page.locator(".jp-OutputArea-executeResult .jp-OutputArea-output")
    result.wait_for()
    tell("cell", result=result.inner_text())
    page.screenshot(path=SCREENSHOTS / "5-cell.png")


def open_control_panel(context: BrowserContext, page: Page) -> Page:
    page.get_by_role("menuitem", name="File", exact=True).click()
    with context.expect_page() as opened:
        page.get_by_role("menuitem", name="Hub Control Panel").click()
    home = opened.value
    home.wait_for_load_state("networkidle")  # JupyterHub loads what its buttons do after the buttons
    tell("control panel", url=home.url)
    home.screenshot(path=SCREENSHOTS / "6-control-panel.png")
    return home


def stop_server(home: Page) -> None:
    home.locator("#stop").click()
    start = home.get_by_role("button", name="Start My Server")
    dialog = home.locator(".modal.show")
    start.or_(dialog).wait_for()
    home.wait_for_timeout(500)  # a dialog is there at once, but not yet its text
    tell("stopped", dialogs=dialog.all_inner_texts(), buttons=start.count())
    home.screenshot(path=SCREENSHOTS / "7-stopped.png")


def log_out(home: Page) -> None:
    home.get_by_role("button", name="Logout").click()
    home.get_by_label("Username").wait_for()
    tell("logged out", url=home.url)
    home.goto(f"{HTTPS_URL}hub/home")
    tell("came back", url=home.url)


if __name__ == "__main__":
    main()
