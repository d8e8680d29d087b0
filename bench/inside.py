"""The process inside a stack: asked in JSON, one call a line, it calls functions of this package.

Each answer is a line as well, `{"returned": …}` or `{"raised": …}`.
"""

import importlib
import json
import logging
import os
import sys
import traceback
from typing import Any

import django


def main() -> int:
    """Answer until the caller closes the pipe; returns the exit status."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # What the work itself prints is for people, not for the caller.
    sys.stdout = sys.stderr
    django.setup()
    logging.getLogger("leadledger").setLevel(logging.WARNING)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        answers.write(json.dumps(_answer(name, arguments)) + "\n")
        answers.flush()
    return 0


def _answer(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    module, _colon, function = name.partition(":")
    try:
        return {"returned": getattr(importlib.import_module(f"bench.{module}"), function)(**arguments)}
    except Exception:
        return {"raised": traceback.format_exc()}


if __name__ == "__main__":
    sys.exit(main())
