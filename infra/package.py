"""Stages what Cloud Functions builds, as a zip named by its SHA-256.

`main.py`, the package with its schemas and its page as real files, and the
hashed requirements; nothing of one machine's services, no command line, no
tests. The same source gives the same bytes anywhere: names in order, no times,
no compression whose implementation could differ.
"""

import argparse
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SOURCE = ROOT / "functions"
_LOCK = ROOT / "requirements-functions.lock"
_LEFT_OUT = ("__pycache__", "__main__.py", "cli", "local")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_UNIX = 3
_MODE = 0o100644 << 16


def files() -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that is deployed, in order."""
    found = {"requirements.txt": _LOCK}
    for path in _walk(_SOURCE):
        found[path.relative_to(_SOURCE).as_posix()] = path
    for name in sorted(found):
        yield name, found[name].read_bytes()


def archive() -> bytes:
    """The zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as staged:
        for name, content in files():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            staged.writestr(entry, content)
    return buffer.getvalue()


def write(folder: Path) -> Path:
    """Write the zip into the folder, in place of earlier ones; its path."""
    content = archive()
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("mmmflow-*.zip"):
        earlier.unlink()
    path = folder / f"mmmflow-{hashlib.sha256(content).hexdigest()}.zip"
    path.write_bytes(content)
    return path


def _walk(folder: Path) -> Iterator[Path]:
    """Files, also behind links to folders."""
    for path in sorted(folder.iterdir()):
        if path.name in _LEFT_OUT or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "build")
    options = parser.parse_args()
    path = write(options.into)
    with zipfile.ZipFile(path) as staged:
        count = len(staged.namelist())
    try:
        shown = path.relative_to(Path.cwd())
    except ValueError:
        shown = path
    print(f"{count} files, {path.stat().st_size:,} bytes")
    figures = {
        "archive": str(shown),
        "sha256": path.stem.removeprefix("mmmflow-"),
        "files": count,
        "bytes": path.stat().st_size,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
