#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/ksft.sh KERNEL [COPY]
# Builds selftests/ as the kselftest collection `rill` of the kernel's own
# source, with its suite's compiler and libc, installs it and prints where.
# COPY gets a copy that a later build leaves alone.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

build()
{
	mkdir -p "$dir/out" "$dir/src"
	rm -rf "$dir/install"
	mkdir "$dir/install"
	rsync -a --delete "$src/selftests" "$src/uapi" "$src/module" "$dir/src/"
	"$RILL_TOP/tools/in-root.sh" "$root" \
		"$source=/src" "$dir=/build" "$dir/src=/rill" \
		"$dir/src/selftests=/src/tools/testing/selftests/rill" -- \
		make -s -C /src/tools/testing/selftests TARGETS=rill \
		FORCE_TARGETS=1 O=/build/out KSFT_INSTALL_PATH=/build/install \
		RILL_UAPI=/rill/uapi "-j$(nproc)" install \
		>"$dir/build.log" 2>&1 || {
			grep -B 2 -A 8 -E 'error|\*\*\*' "$dir/build.log" >&2 ||
				cat "$dir/build.log" >&2
			die "the selftests do not build for $key: $dir/build.log"
		}
	[ -s "$dir/install/kselftest-list.txt" ] ||
		die "no selftests were installed: $dir/build.log"
	[ -z "$copy" ] || cp -r "$dir/install/." "$copy/"
}

[ $# = 1 ] || [ $# = 2 ] || die "usage: tools/check/ksft.sh KERNEL [COPY]"
need_root
need rsync
key=$1 copy=${2:-}
[ -z "$copy" ] || mkdir -p "$copy"
src=${RILL_MODULE_SRC:-$RILL_TOP}
root=$("$RILL_TOP/tools/root.sh" "$key")
source=$("$RILL_TOP/tools/source.sh" "$key")
dir=$RILL_CACHE/ksft-$(echo "$src" | hash12)/$key
locked "ksft-$key" build
echo "$dir/install"
