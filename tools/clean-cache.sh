#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/clean-cache.sh
# Removes the roots, kernels, builds and logs that the rig keeps.

. "$(dirname "$0")/lib.sh"

need_root
log "removing $RILL_CACHE"
rm -rf --one-file-system "$RILL_CACHE"
