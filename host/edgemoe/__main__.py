# SPDX-License-Identifier: Apache-2.0
"""`python -m edgemoe`."""

from edgemoe.cli import main

main()
