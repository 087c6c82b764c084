#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/vm/tsc-khz.sh ROOT
# Prints the rate of this machine's time stamp counter, measured once for each
# boot of it.

. "$(dirname "$0")/../lib.sh"

measure()
{
	[ ! -s "$answer" ] || return 0
	"$RILL_TOP/tools/in-root.sh" "$1" "$RILL_TOP=/rill" -- sh -c \
		'gcc -O2 -o /tmp/t /rill/tools/vm/tsc-khz.c && /tmp/t' \
		>"$answer.tmp"
	mv "$answer.tmp" "$answer"
}

answer=$RILL_CACHE/tsc-$(cut -c1-13 /proc/sys/kernel/random/boot_id)
locked tsc measure "$1"
cat "$answer"
