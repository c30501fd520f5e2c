# SPDX-License-Identifier: Apache-2.0
"""From the checkpoints that people have to edgemoe's own.

    read      `sources`, `onnx_source`, `folders_of_files`: files -> tensors under the names that they have there
    name      `names`, `timm`, `hugging_face`, `m3vit`: those names -> one set of names that all families share
    know      `facts`, `timm_config`, `hugging_face_config`: what no tensor says (heads, eps, normalisation, ...)
    build     `folds`, `positions`, `build`: named tensors and facts -> a `ModelConfig` and its state dict
    tell      `report`: what was used, what was not, and what was taken from where

Nothing is guessed: every tensor is used, or listed with the reason why not, or refused; a fact that is in no file is
asked for.
"""

from edgemoe.imports.options import Options
from edgemoe.imports.run import import_checkpoint

__all__ = ["Options", "import_checkpoint"]
