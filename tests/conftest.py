"""Options of the suite: golden files written anew, more damage than usual."""


def pytest_addoption(parser):
    parser.addoption(
        "--write-golden", action="store_true", help="write golden files instead of comparing"
    )
    parser.addoption("--mutations", type=int, default=300, help="how many artifacts to damage")
