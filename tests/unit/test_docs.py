"""What the docs show of the code is what the code says."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_generated_parts_are_of_this_code() -> None:
    spec = importlib.util.spec_from_file_location(
        "generate", DOCS / "generate.py"
    )
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for page in generate.PAGES:
        text = page.read_text()
        assert text == generate.generated(text), "run make docs"
