#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: [KERNEL=6.12] tools/bench.sh
# Hands over to tools/bench/run, which measures in guests.

. "$(dirname "$0")/lib.sh"

need_root
export KERNEL=${KERNEL:-6.12}
exec "$RILL_TOP/tools/bench/run"
