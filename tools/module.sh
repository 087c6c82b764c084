#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/module.sh KERNEL [MAKE-ARGUMENTS...]
# Builds rill.ko for a kernel in that kernel's root, with W=1, from a copy of
# the sources under the cache, and prints the directory that holds it.
# BUILD_NAME chooses another build than the everyday one; BUILD_COPY=dir gets
# a copy of what was built that a later build leaves alone.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/kernels.sh"

# The sources that a module build reads, as a test may put them elsewhere.
src=${RILL_MODULE_SRC:-$RILL_TOP}

build()
{
	local binds=("$dir=/rig") args=(M=/rig W=1 "-j$(nproc)") kernel

	mkdir -p "$dir"
	rsync -a --delete --include=/module/*** --include=/uapi/*** \
		--include=/Kbuild --exclude='/*' \
		--filter='P *.o' --filter='P *.o.d' --filter='P .*.cmd' \
		--filter='P *.ko' --filter='P *.mod*' --filter='P *.gcno' \
		--filter='P *.order' --filter='P Module.symvers' \
		--exclude='*.o' --exclude='*.ko' --exclude='.*.cmd' \
		--exclude='*.mod' --exclude='*.mod.c' \
		"$src/" "$dir/"
	if [ "$key" = debug ]; then
		kernel=/build
		binds+=("$(cat "$dir.source")=/src" "$(cat "$dir.kernel")=/build")
		args+=(RILL_GCOV=1)
	else
		kernel=/lib/modules/$(cat "$root/.rill-release")/build
	fi
	"$RILL_TOP/tools/in-root.sh" "$root" "${binds[@]}" -- \
		make -s -C "$kernel" "${args[@]}" "$@" modules \
		>"$dir/build.log" 2>&1 || {
			cat "$dir/build.log" >&2
			die "rill.ko does not build for $key"
		}
	cat "$dir/build.log" >&2
	[ -z "${BUILD_COPY:-}" ] || {
		mkdir -p "$BUILD_COPY"
		rsync -a --include='*/' --include='*.ko' --include='*.gcno' \
			--include='*.[ch]' --exclude='*' "$dir/" "$BUILD_COPY/"
	}
}

[ $# -ge 1 ] || die "usage: tools/module.sh KERNEL [MAKE-ARGUMENTS...]"
need_root
need rsync
key=$1
shift
root=$("$RILL_TOP/tools/root.sh" "$key")
dir=$RILL_CACHE/build-$(echo "$src" | hash12)/${BUILD_NAME:-$key}
mkdir -p "${dir%/*}"
if [ "$key" = debug ]; then
	"$RILL_TOP/tools/source.sh" debug >"$dir.source"
	"$RILL_TOP/tools/debug-kernel.sh" >"$dir.kernel"
fi
locked "build-${dir##*/}" build "$@"
echo "$dir"
