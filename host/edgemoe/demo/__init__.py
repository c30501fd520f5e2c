# SPDX-License-Identifier: Apache-2.0
"""`edgemoe demo`: a page in the browser that runs images on the accelerator and shows what it did.

`intake` makes pictures of what comes in, `engine` runs them one after the other, `visits` knows whose run is whose,
`view` draws what came out; none of them knows the web. `page`, `guard` and `server` do.
"""
