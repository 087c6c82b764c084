#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: [KERNEL=6.12] tools/demo.sh
# Builds rill.ko, boots a guest, and shows AF_RILL at work: tools/demo/story.sh
# is what runs there.

. "$(dirname "$0")/lib.sh"

need_root
export KERNEL=${KERNEL:-6.12}
log "building rill.ko for $KERNEL (the first time, a guest is made: 2 minutes)"
root=$("$RILL_TOP/tools/root.sh" "$KERNEL")
module=$("$RILL_TOP/tools/module.sh" "$KERNEL")
share=$RILL_CACHE/demo
mkdir -p "$share"
cp "$module/rill.ko" "$share/"
"$RILL_TOP/tools/in-root.sh" "$root" "$RILL_TOP=/rill" "$share=/share" -- \
	gcc -D_GNU_SOURCE -O2 -Wall -I/rill/uapi -o /share/outcomes /rill/tools/demo/outcomes.c
log "booting a guest with $(cat "$root/.rill-release")"
MODULE=none SHARE=$share RUN=/rill/tools/demo/story.sh \
	exec "$RILL_TOP/tools/vm/vm.sh"
