# SPDX-License-Identifier: Apache-2.0
"""The command line: arguments, exit statuses, what is printed; nothing else.

The commands are in `edgemoe.cli.group`, which is imported when one runs.
"""

from edgemoe.cli.entry import main, run

__all__ = ["main", "run"]
