# SPDX-License-Identifier: Apache-2.0
"""The labels of the street scenes, as numbers; needs no torch."""

from edgemoe.config import CITYSCAPES_GROUPS

FLAT, CONSTRUCTION, OBJECT, NATURE, SKY, HUMAN, VEHICLE = range(len(CITYSCAPES_GROUPS))
