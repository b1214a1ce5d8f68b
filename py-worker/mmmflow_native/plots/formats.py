"""Numbers and names as people read them, in pictures and the report."""

import math
import textwrap

UNITS = ((1e12, " tn"), (1e9, " bn"), (1e6, " M"), (1e3, " k"))
HUGE = 1e15  # from here on powers of ten are the clearer


def amount(value: float) -> str:
    """A number for people: 4,321 · 123 k · 1.23 M · 4.50 bn."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= HUGE:
        return signed(f"{value:.2e}")
    # As large as rounding may make it, or "999,900" would be "1,000 k".
    largest = size * 1.0005
    unit, word = unit_of(largest, thousands_from=1e5)
    digits = 0
    if size > 0:
        digits = 2 - math.floor(math.log10(largest / unit))
    return signed(f"{value / unit:,.{min(max(digits, 0), 6)}f}{word}")


def unit_of(size: float, thousands_from: float) -> tuple[float, str]:
    """The unit in which a size is short, and its abbreviation."""
    for unit, word in UNITS:
        if size >= (thousands_from if unit == 1e3 else unit):
            return unit, word
    return 1.0, ""


def signed(number: str) -> str:
    """The number with a minus sign in place of a hyphen."""
    return number.replace("-", "−")


def share(value: float) -> str:
    """A share in per cent, a decimal where it is small."""
    percent = 100 * value
    digits = 0 if abs(percent) >= 99.5 else 1
    return signed(f"{round(percent, digits) + 0.0:,.{digits}f} %")


def change(old: float, new: float) -> str:
    """The relative change, with its sign."""
    if old == 0:
        return "new" if new > 0 else "–"
    percent = 100 * (new / old - 1)
    if abs(percent) < 0.05:
        return "±0 %"
    digits = 0 if abs(percent) >= 1 else 1
    return signed(f"{percent:+,.{digits}f} %")


def shorten(name: str, longest: int = 26) -> str:
    """The name, its middle cut out where it is too long for its place."""
    if len(name) <= longest:
        return name
    tail = longest // 2 - 1
    return f"{name[: longest - tail - 1]}…{name[-tail:]}"


def wrapped(text: str, width: int) -> list[str]:
    """The text as lines of at most `width` letters."""
    return textwrap.wrap(text, width)
