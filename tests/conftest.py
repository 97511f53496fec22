"""How the tests share the processor."""

import os

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait for work must not keep others from theirs


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real weights begin first and share one process, so that each model is loaded once."""
    items.sort(key=lambda item: item.get_closest_marker("model") is None)
    for item in items:
        if item.get_closest_marker("model") and "test_browser" not in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("models"))
        elif "test_browser" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("browser"))
