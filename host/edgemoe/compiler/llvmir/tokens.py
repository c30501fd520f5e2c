# SPDX-License-Identifier: Apache-2.0
"""The words of LLVM's assembly language."""

from __future__ import annotations

import re

# Sigils keep their names (quoted or not), strings their quotes, `c"..."` its letter; all else is words and signs.
_TOKEN = re.compile(r'[,()=]|[%@$](?:[\w.$-]+|"[^"]*")|(?!c")[\w.$-]+|![\w.]+|#\w+|c?"[^"]*"|\S')

#: One token a line of text, spaces apart.
tokens = _TOKEN.findall
