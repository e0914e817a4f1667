"""The AWS CLI with a clock that is wrong: `shifted.py SECONDS` and what `aws` takes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

import clock  # noqa: E402
from awscli.clidriver import main  # noqa: E402

if __name__ == "__main__":
    clock.set_offset(int(sys.argv.pop(1)))
    sys.exit(main())
