"""A state of the library's dbt project: the files in `library/`, and what was changed since."""

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "library"


class ProjectState:
    """Files by path; every change makes a state of its own."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files)

    def edited(self, path: str, old: str, new: str) -> "ProjectState":
        """Replace a text that occurs once."""
        found = self._files[path]
        if found.count(old) != 1:
            raise ValueError(f"{path} has {old!r} {found.count(old)} times")
        return ProjectState(self._files | {path: found.replace(old, new)})

    def having(self, path: str, text: str) -> "ProjectState":
        """Write a file, there or not."""
        return ProjectState(self._files | {path: text})

    def without(self, *paths: str) -> "ProjectState":
        """Delete files."""
        if missing := set(paths) - set(self._files):
            raise ValueError(f"there is no {missing}")
        left = {path: text for path, text in self._files.items() if path not in paths}
        return ProjectState(left)

    def renamed(self, kind: str, old: str, new: str, *endings: str) -> "ProjectState":
        """Give the files of a node, and the name inside its YAML, another name."""
        state = self
        for ending in endings:
            text = self._files[f"{kind}/{old}{ending}"]
            text = text.replace(f"name: {old}\n", f"name: {new}\n")
            state = state.without(f"{kind}/{old}{ending}").having(f"{kind}/{new}{ending}", text)
        return state

    def write(self, folder: Path) -> Path:
        """Write the project into an empty folder."""
        for path, text in self._files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return folder


def library() -> ProjectState:
    """The project as it lies in `library/`."""
    files = (path for path in sorted(FOLDER.rglob("*")) if path.is_file())
    return ProjectState(
        {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in files}
    )
