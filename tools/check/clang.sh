#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/clang.sh
# Builds the module with clang, against the debug kernel's configuration
# prepared for clang; that kernel itself need not be there. Prints warnings and
# nothing else.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

prepare()
{
	[ ! -e "$dir/.config" ] || return 0
	rm -rf "$dir.tmp" && mkdir -p "$dir.tmp"
	cp "$RILL_TOP/tools/debug.config" "$dir.tmp/rill.config"
	"$RILL_TOP/tools/in-root.sh" "$root" "$source=/src" "$dir.tmp=/build" -- \
		sh -c "cd /src && make -s LLVM=1 O=/build \
			KCONFIG_ALLCONFIG=/build/rill.config allnoconfig &&
			make -s LLVM=1 O=/build -j$(nproc) modules_prepare" \
			>"$dir.log" 2>&1 || die "cannot prepare for clang: $dir.log"
	mv "$dir.tmp" "$dir"
}

# What modpost says where no kernel's list of symbols is at hand.
unresolved='Module.symvers.* is missing|may not have (dependencies|modversions)'
unresolved+='|modpost: .* undefined!|KBUILD_MODPOST_WARN|at your own risk'
unresolved+='|suppressed .* unresolved|You may get many unresolved'

build()
{
	local out=$RILL_CACHE/build-clang

	rm -rf "$out"
	mkdir -p "$out"
	cp -r "$src/module" "$src/uapi" "$src/Kbuild" "$out/"
	"$RILL_TOP/tools/in-root.sh" "$root" "$source=/src" "$dir=/build" \
		"$out=/rig" -- make -s LLVM=1 -C /build M=/rig W=1 \
		"-j$(nproc)" KBUILD_MODPOST_WARN=1 modules 2>&1 |
		{ grep -vE "$unresolved" || true; }	# nothing left is good
}

need_root
src=${RILL_MODULE_SRC:-$RILL_TOP}
root=$("$RILL_TOP/tools/root.sh" debug)
source=$("$RILL_TOP/tools/source.sh" debug)
dir=$RILL_CACHE/kernel-clang-$({
	echo "1 ${source##*/}"
	cat "$RILL_TOP/tools/debug.config"
} | hash12)
locked kernel-clang prepare
prune "kernel-clang-*" "$dir"
locked build-clang build
