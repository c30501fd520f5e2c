# SPDX-License-Identifier: Apache-2.0
"""The command line: arguments, exit statuses, what is printed; nothing else."""

from edgemoe.cli.entry import main, run
from edgemoe.cli.group import commands

__all__ = ["commands", "main", "run"]
