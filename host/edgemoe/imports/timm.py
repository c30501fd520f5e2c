# SPDX-License-Identifier: Apache-2.0
"""The names of timm's vision transformers, of DeiT and of DINO and DINOv2 as their authors save them."""

from edgemoe.imports.names import Family

AVERAGED = (
    "the network averages the patches and normalises after that, the accelerator normalises each patch first, which is "
    "not the same. --head none imports its features alone"
)
PRE_LOGITS = (
    "a layer between norm and head, which the accelerator has not. --head none imports the features alone"
)
ATTENTION_POOL = "attention as a pool, which the accelerator has not. --head none imports the features alone"

PLAIN_ROWS = (
    ("patch_embed.proj.{wb}", "patch_embed.{wb}"),
    ("cls_token", "cls_token"),
    ("pos_embed", "pos_embed"),
    ("blocks.{n}.norm1.{wb}", "blocks.{n}.norm1.{wb}"),
    ("blocks.{n}.attn.qkv.{wb}", "blocks.{n}.attn.qkv.{wb}"),
    ("blocks.{n}.attn.proj.{wb}", "blocks.{n}.attn.proj.{wb}"),
    ("blocks.{n}.norm2.{wb}", "blocks.{n}.norm2.{wb}"),
    ("blocks.{n}.mlp.fc1.{wb}", "blocks.{n}.mlp.fc1.{wb}"),
    ("blocks.{n}.mlp.fc2.{wb}", "blocks.{n}.mlp.fc2.{wb}"),
)

TIMM = Family(
    name="timm, DeiT or DINO",
    signature="patch_embed.proj.weight",
    rows=(
        *PLAIN_ROWS,
        ("dist_token", "dist_token"),
        ("reg_token", "reg_token"),
        ("register_tokens", "reg_token"),
        ("blocks.{n}.ls1.gamma", "blocks.{n}.ls1"),
        ("blocks.{n}.ls2.gamma", "blocks.{n}.ls2"),
        ("blocks.{n}.gamma_1", "blocks.{n}.ls1"),
        ("blocks.{n}.gamma_2", "blocks.{n}.ls2"),
        ("norm.{wb}", "norm.{wb}"),
        ("head.{wb}", "head.{wb}"),
        ("head_dist.{wb}", "head_dist.{wb}"),
    ),
    unused=(
        ("mask_token", "it stands for masked patches, in training only"),
        (r"(dino_head|ibot_head|head)\.(mlp|last_layer)\..*", "the projection of DINO's training"),
        (r"decoders?\..*", "the decoder runs on the host"),
    ),
    refused=(
        (r"norm_pre\..*", "a norm before the first layer (as CLIP has), which the accelerator has not"),
        (r"patch_embed\.norm\..*", "a norm after the patch embedding, which the accelerator has not"),
        (r"fc_norm\..*", AVERAGED),
        (r"pre_logits\..*", PRE_LOGITS),
        (r"attn_pool\..*", ATTENTION_POOL),
        (r"blocks\.\d+\.attn\.(q_norm|k_norm)\..*", "norms of queries and keys, which the accelerator has not"),
        (r"blocks\.\d+\.(attn|mlp)\.norm\..*", "a norm inside of a layer, which the accelerator has not"),
        (r"blocks\.\d+\.attn\.(q_bias|k_bias|v_bias)", "an attention of BEiT or EVA, which is not understood"),
        (r".*(rel_pos|relative_position).*", "relative positions, which the accelerator has not"),
        (r".*rope.*", "rotary positions, which the accelerator has not"),
        (r"blocks\.\d+\.mlp\.(w\d+|fc1_g|fc1_x)\..*", "a gated MLP (SwiGLU), which the accelerator has not"),
        (r"blocks\.\d+\.((mlp_|attn_)?out_proj|in_proj|in_norm|attns|ffns)\..*",
         "parallel layers, which the accelerator has not"),
        (r"blocks\.\d+\.\d+\..*", "layers in groups; save the state dict with the layers numbered through"),
    ),
    only_head=(r"head\..*", r"head_dist\..*", r"fc_norm\..*", r"pre_logits\..*", r"attn_pool\..*"),
)  # fmt: skip
