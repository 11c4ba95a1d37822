"""Fixtures that several folders of tests share: a browser, and database servers."""

pytest_plugins = ["tests.browser", "tests.servers"]
