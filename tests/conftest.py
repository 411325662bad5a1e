"""One option for the whole suite: write the golden files anew, to be read in the diff."""


def pytest_addoption(parser):
    parser.addoption(
        "--write-golden", action="store_true", help="write golden files instead of comparing"
    )
