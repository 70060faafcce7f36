"""Open a page in headless Chromium, do something there, and look at what it has become."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser'))), None)
FLAGS = (
    *('--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'),
    *('--disable-background-networking', '--disable-component-update', '--disable-sync'),
)

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason='no Chromium on this machine')


def browse(page: Path, script: str, folder: Path, *, size: str = '1200,900') -> object:
    """
    Run the body of an async function in the page, once it is drawn, and return what it returns.

    :param script: JavaScript; ``click(what)`` clicks the first element of a selector
    :param folder: for the browser's files
    :raises AssertionError: with the error, if the script fails, or says nothing
    """
    acting = folder / 'acting.html'
    acting.write_text(
        page.read_text(encoding='utf-8')
        + f"""<script>
const click = what => document.querySelector(what).dispatchEvent(
  new MouseEvent('click', {{bubbles: true}}));
const wait = () => new Promise(done => setTimeout(done, 200));
addEventListener('error', event => document.body.dataset.error = event.message);
addEventListener('load', async () => {{
  await wait();
  try {{ document.body.dataset.result = JSON.stringify(await (async () => {{ {script} }})()); }}
  catch (error) {{ document.body.dataset.error = error; }}
}});
</script>""",
        encoding='utf-8',
    )
    done = subprocess.run(
        [
            *(CHROMIUM, *FLAGS, f'--user-data-dir={folder / "profile"}', f'--window-size={size}'),
            *('--virtual-time-budget=8000', '--dump-dom', acting.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    failed = re.search(r'<body[^>]*data-error="([^"]*)"', done.stdout)
    assert not failed, html.unescape(failed[1])
    found = re.search(r'<body[^>]*data-result="([^"]*)"', done.stdout)
    assert found, done.stderr
    return json.loads(html.unescape(found[1]))
