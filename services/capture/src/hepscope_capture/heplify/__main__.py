"""``python -m hepscope_capture.heplify``: heplify's command line."""

import sys

from hepscope_capture.heplify.cli import main

if __name__ == "__main__":
    sys.exit(main())
