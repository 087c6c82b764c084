#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/vm/kvm-works.sh BOOT-FILES
# True when /dev/kvm can run a guest to its first program: it may exist and
# hang. Asked once for each boot of this machine.

. "$(dirname "$0")/../lib.sh"

probe()
{
	local log

	[ ! -e "$answer" ] || return 0
	log=$(mktemp)
	log "trying /dev/kvm"
	# In a subshell, which keeps the word of qemu's abortion to itself.
	(timeout --kill-after=2 30 qemu-system-x86_64 -M pc -accel kvm -cpu host \
		-m 512M -nodefaults -display none -no-reboot -serial "file:$log" \
		-kernel "$1.vmlinux" -initrd "$1.initrd" \
		-append "console=ttyS0 panic=-1 rdinit=/init rill.probe" \
		</dev/null || true) >/dev/null 2>&1
	if grep -aq 'Restarting system\|reboot: ' "$log"; then
		echo yes >"$answer"
	else
		log "/dev/kvm runs no guest: emulating"
		echo no >"$answer"
	fi
	rm -f "$log"
}

[ -e /dev/kvm ] || exit 1
answer=$RILL_CACHE/kvm-$(cut -c1-13 /proc/sys/kernel/random/boot_id)
locked kvm probe "$1"
[ "$(cat "$answer")" = yes ]
