"""Fixtures that several folders of tests share: a browser, and database servers."""

import os

# Side by side (`pytest -n`), each with threads of its own, torch would wait for itself.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ["tests.browser", "tests.servers"]
