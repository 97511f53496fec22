"""`python -m rag COMMAND`: the terminal's way in."""

import argparse
import sys
from collections.abc import Sequence

from rag import care, collection_commands, commands, history_commands
from rag.errors import FootnoteError
from rag.evaluation import commands as evaluation
from rag.models import commands as models
from rag.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 well, 1 failed with a message, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m rag", description="Ask questions about your own documents.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    commands.add_parsers(subparsers)
    care.add_parsers(subparsers)
    collection_commands.add_parsers(subparsers)
    history_commands.add_parsers(subparsers)
    evaluation.add_parsers(subparsers)
    models.add_parser(subparsers)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed, load_settings())
        return code
    except FootnoteError as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
