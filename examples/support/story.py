"""How an example tells what happens, and waits for it."""

import sys
import time

WAIT_SECONDS = 60


def tell(text):
    print(text, flush=True)


def wait_until(holds, what):
    """Waits for something that other threads or the server bring about."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            tell(f"Waited {WAIT_SECONDS} seconds in vain until {what}.")
            return False
        time.sleep(0.05)
    return True


def print_table(header, rows):
    """Columns as wide as they must be, numbers to the right."""
    lines = [header, *rows]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = [
            str(cell).rjust(width) if isinstance(cell, int) else str(cell).ljust(width)
            for cell, width in zip(line, widths, strict=True)
        ]
        tell("  " + "  ".join(cells).rstrip())


def finish(problems):
    """Ends the program: with an error that names each problem, if there is any."""
    if problems:
        sys.exit("\n".join(["", *(f"PROBLEM: {problem}" for problem in problems)]))
    tell("\nEverything is as it should be.")
