"""Workbooks, which are refused by name, with the way out."""

_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
# How the newer ones begin, whatever they are called: they are ZIP archives.
MAGIC = b"PK\x03\x04"
HINT = "save its sheet as CSV (UTF-8), and give that"


def refusal(name: str, begin: bytes = b"") -> str | None:
    """What is wrong with a file of that name and begin; None if no workbook."""
    if name.lower().endswith(_ENDINGS):
        ending = name.rpartition(".")[2].lower()
        return f"it is a spreadsheet (.{ending}), and those are not read"
    if begin.startswith(MAGIC):
        return "it is a spreadsheet or a ZIP archive, and those are not read"
    return None
