"""A headless Chromium, driven over its own debugging protocol: pages opened, clicked, typed at and asked."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.sync.client import connect
from websockets.sync.connection import Connection

FLAGS = (
    "--headless=new", "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
STARTS_IN_SECONDS = 60.0
ANSWERS_IN_SECONDS = 60.0
KEYS = {"Enter": "\r", "Escape": "", "ArrowLeft": "", "ArrowRight": "", "ArrowUp": "", "ArrowDown": "", "Tab": ""}
CODES = {
    "Enter": 13,
    "Escape": 27,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Tab": 9,
    " ": 32,
}


def executable() -> str | None:
    """Where the browser is; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def started(command: str, profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile in a folder of its own."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to run as root with its sandbox
    process = subprocess.Popen(
        [command, *FLAGS, *root, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = profile / "DevToolsActivePort"
        until = time.monotonic() + STARTS_IN_SECONDS
        while not port.exists() or "\n" not in port.read_text():
            assert process.poll() is None, f"{command} ended with {process.returncode}"
            assert time.monotonic() < until, f"{command} did not start"
            time.sleep(0.05)
        number, path = port.read_text().splitlines()[:2]
        with connect(f"ws://127.0.0.1:{number}{path}", max_size=None, proxy=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(20)


class Browser:
    """The connection; every page is a session on it."""

    def __init__(self, socket: Connection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._pages: dict[str, Page] = {}

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; what else comes in goes to the page that it is about."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        until = time.monotonic() + ANSWERS_IN_SECONDS
        while True:  # a page that plays tells of itself without end
            answer = json.loads(self._socket.recv(timeout=max(0.0, until - time.monotonic())))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer.get('error')}"
                return answer["result"]
            if page := self._pages.get(answer.get("sessionId", "")):
                page.heard(answer["method"], answer["params"])

    def page(self, **seen: Any) -> Page:
        """A new page in a context of its own: nothing is remembered from other pages."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        page.prepare(**seen)
        return page


class Page:
    """One page, with what it complained of and asked the world for."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser, self._session, self._target = browser, session, target
        self.errors: list[str] = []
        self.requests: list[str] = []

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def prepare(
        self, *, width: int = 1360, height: int = 900, dark: bool = False, language: str = "en-GB", still: bool = False
    ) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.call("Emulation.setEmulatedMedia", features=features)
        agent = self._browser.call("Browser.getVersion")["userAgent"]
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    def heard(self, method: str, said: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            thrown = said["exceptionDetails"]
            self.errors.append(thrown.get("exception", {}).get("description") or thrown["text"])
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in said["args"]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])

    def open(self, path: Path | str, after: str = "") -> None:
        """Open a file or a URL and wait until the page has drawn itself."""
        self.call("Page.navigate", url=(path if isinstance(path, str) else path.absolute().as_uri()) + after)
        self.until("document.readyState === 'complete' && performance.getEntriesByName('interactive').length > 0")

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page, awaited if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer.get("exceptionDetails")
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 10) -> Any:
        """Wait until an expression is true; gives its value."""
        end = time.monotonic() + seconds
        while not (value := self.ask(f"(found => found instanceof Node || found)({expression})")):
            assert time.monotonic() < end, f"never true: {expression}; errors: {self.errors}"
            time.sleep(0.02)
        return value

    def click(self, selector: str, across: float = 0.5, down: float = 0.5) -> None:
        """Press the mouse on an element, at a share of its width and height."""
        place = f"document.querySelector({json.dumps(selector)})"
        assert self.ask(f"Boolean({place})"), f"nothing to click at {selector}"
        self.ask(f"{place}.scrollIntoView({{block: 'center'}})")
        box = self.ask(f"(b => [b.x, b.y, b.width, b.height])({place}.getBoundingClientRect())")
        at = {"x": box[0] + box[2] * across, "y": box[1] + box[3] * down, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, **at)

    def key(self, key: str) -> None:
        """Press and release one key."""
        text = KEYS.get(key, key)
        known = {"key": key, "windowsVirtualKeyCode": CODES.get(key, ord(key[0].upper())), "code": key}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **known)
        self.call("Input.dispatchKeyEvent", type="keyUp", **known)

    def screenshot(self, path: Path) -> None:
        """A PNG of what is seen."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
