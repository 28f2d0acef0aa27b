"""``python -m hepscope_standalone`` is the ``hepscope`` command."""

import sys

from hepscope_standalone.cli import main

sys.exit(main())
