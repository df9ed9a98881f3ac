"""`python -m etia.cli` is the command line too."""

import sys

from etia.cli import main

sys.exit(main())
