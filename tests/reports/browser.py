"""Debian's Chromium, driven by its own chromedriver, for tests of what a browser makes of a page.

Nothing is downloaded: Selenium's own manager is not asked. Without both programs tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

PROGRAMS = ("chromium", "chromedriver")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
needs_browser = pytest.mark.skipif(
    bool(MISSING),
    reason=f"{' and '.join(MISSING)} missing; on Debian: apt-get install chromium chromium-driver",
)
DARK = {"name": "prefers-color-scheme", "value": "dark"}


class Browser:
    """One window. ``wrong``: what the console said and what was asked of a network since the page was
    opened; what the page itself is made of does not count."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(
        self, file: Path, *, width: int = 1280, dark: bool = False, scripts: bool = True, hash_: str = ""
    ) -> None:
        device = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", **device)
        self.cdp("Emulation.setEmulatedMedia", media="", features=[DARK] if dark else [])
        self.cdp("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(file.as_uri() + hash_)

    def cdp(self, command: str, **parameters: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.driver.execute_cdp_cmd(command, parameters)
        return found

    def js(self, script: str, *given: Any) -> Any:
        return self.driver.execute_script(script, *given)

    def wrong(self) -> list[str]:
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        asked = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        own = {self.driver.current_url.partition("#")[0], "about:blank"}
        return [*said, *(url for url in asked if url.partition("#")[0] not in own)]

    def picture(self, file: Path) -> None:
        """The whole page, for eyes: FLOWCHECK_PICTURES names a folder for those."""
        import base64

        size = self.js("return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 16_000), "scale": 1}
        made = self.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(made["data"]))


@contextmanager
def browser() -> Iterator[Browser]:
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    wanted = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        wanted.append("--no-sandbox")  # Chromium's own sandbox refuses root
    for argument in wanted:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.set_script_timeout(30)
        yield Browser(driver)
    finally:
        driver.quit()
