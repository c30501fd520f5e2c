# SPDX-License-Identifier: Apache-2.0
"""The float model in PyTorch: M3ViT, the synthetic street scenes that it learns from, and its training."""
