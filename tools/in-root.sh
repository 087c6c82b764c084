#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/in-root.sh ROOT [SRC=DST]... -- COMMAND...
# Runs a command inside a root made by tools/root.sh. The root is read-only
# there; each SRC=DST is bound writable at DST (one of /rill /share /rig
# /build /src). With OVERLAY=DIR set, what the command writes into the root is
# kept in DIR/upper instead. The mounts live in a namespace of their own and go
# with the command.

# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

inside()
{
	local root=$1 base=$1
	shift

	if [ -n "${OVERLAY:-}" ]; then
		mkdir -p "$OVERLAY"/{upper,work,merged}
		base=$OVERLAY/merged
		mount -t overlay overlay -o \
			"lowerdir=$root,upperdir=$OVERLAY/upper,workdir=$OVERLAY/work" \
			"$base"
	else
		mount --bind "$root" "$base"
		mount -o remount,ro,bind "$base"
	fi
	mount -t proc proc "$base/proc"
	mount -t tmpfs tmpfs "$base/tmp"
	mount --rbind /dev "$base/dev"
	while [ "$1" != -- ]; do
		mount --bind "${1%%=*}" "$base/${1#*=}"
		shift
	done
	shift
	# Not exec: make as process 1 of its namespace never ends on a signal.
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
		chroot "$base" "$@"
}

if [ "${1:-}" = --inside ]; then
	shift
	inside "$@"
	exit
fi
[ $# -ge 3 ] || die "usage: tools/in-root.sh ROOT [SRC=DST]... -- COMMAND..."
need_root
exec unshare --mount --pid --fork --kill-child "$0" --inside "$@"
