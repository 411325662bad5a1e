"""A world of its own for each test."""

import pytest

from tests.delivery.world import World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)
