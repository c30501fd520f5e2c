# SPDX-License-Identifier: Apache-2.0
"""Pictures and the report page, from plain data: arrays and the dictionary that becomes report.json.

This package knows nothing of models, boards or simulations; whatever has the keys can be shown.
"""

from edgemoe.report.page import drawings, write_page
from edgemoe.report.pictures import depth_picture, segmentation_picture
from edgemoe.report.saturation import saturation_sentence
from edgemoe.report.summary import write_summary
from edgemoe.report.words import divergence_sentence

__all__ = [
    "depth_picture",
    "divergence_sentence",
    "drawings",
    "saturation_sentence",
    "segmentation_picture",
    "write_page",
    "write_summary",
]
