#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/debug-kernel.sh
# Builds the debug kernel (tools/debug.config, newest linux-source) when it is
# not cached yet, and prints its build directory, which modules build against.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/kernels.sh"

# The list of options that the kernel did not take as they were asked for.
refused()
{
	local line

	grep '^CONFIG' "$1" | while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%n}[ym]" "$2" || echo "$line" ;;
		*) grep -qxF "$line" "$2" || echo "$line" ;;
		esac
	done
}

build()
{
	local out=$dir.tmp jobs make

	[ ! -e "$dir/vmlinux" ] || return 0
	jobs=$(nproc)
	log "building the debug kernel (about 15 minutes on two cores)"
	rm -rf "$out" && mkdir -p "$out"
	cp "$RILL_TOP/tools/debug.config" "$out/rill.config"
	# PVH's first code calls memcmp() before KASAN's shadow is there.
	make=(nice "$RILL_TOP/tools/in-root.sh" "$root" "$source=/src"
		"$out=/build" -- make -s -C /src O=/build "-j$jobs"
		KBUILD_BUILD_TIMESTAMP=0 KBUILD_BUILD_USER=rill
		KBUILD_BUILD_HOST=rill KASAN_SANITIZE_string.o=n)
	{
		"${make[@]}" KCONFIG_ALLCONFIG=/build/rill.config allnoconfig
		refused "$out/rill.config" "$out/.config" >"$out/refused"
		[ ! -s "$out/refused" ] || {
			cat "$out/refused"
			die "tools/debug.config asks for what cannot be had: $dir.log"
		}
		"${make[@]}" vmlinux modules
	} >"$dir.log" 2>&1 || die "the debug kernel does not build: $dir.log"
	# Nothing but what a module build reads is worth keeping.
	find "$out" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' -delete
	find "$out" \( -name '.*.cmd' -o -name '*.a' \) ! -path '*/scripts/*' \
		! -path '*/tools/*' -delete
	mv "$out" "$dir"
}

need_root
root=$("$RILL_TOP/tools/root.sh" debug)
source=$("$RILL_TOP/tools/source.sh" debug)
dir=$RILL_CACHE/kernel-debug-$({
	echo "2 ${source##*/}"
	cat "$RILL_TOP/tools/debug.config"
} | hash12)
locked kernel-debug build
prune "kernel-debug-*" "$dir"
echo "$dir"
