#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/dkms.sh KERNEL LOGDIR
# `make dkms-install` in a throw-away copy of the kernel's root; then a guest
# with what it installed, where the module must load by itself and a selftest
# pass. A kernel that is out of range must be left out, not failed.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

key=$1 dir=$2
here=$RILL_TOP/tools/check

# excluded: DKMS calls a kernel that it leaves out neither built nor failed.
excluded()
{
	local release=$1 version=$2 old=5.10.0-1-amd64 status=0

	mkdir -p "/lib/modules/$old"
	ln -s "$(readlink -f "/lib/modules/$release/build")" \
		"/lib/modules/$old/build"
	dkms build -m rill -v "$version" -k "$old" || status=$?
	# 77 is DKMS's word for "not for this kernel".
	[ "$status" = 77 ] || {
		echo "dkms build for $old ended with $status"
		return 1
	}
	! dkms status -m rill -v "$version" -k "$old" | grep -E 'built|installed'
}

inside()
{
	local release version

	release=$(cat /.rill-release)
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' /rill/dkms.conf)
	make -C /rill dkms-install DKMS_KERNEL="$release" \
		RILL_MODULE_SRC="$RILL_MODULE_SRC"
	dkms status | grep -F "$release" | grep installed
	excluded "$release" "$version"
}

if [ "$key" = --inside ]; then
	RILL_MODULE_SRC=$dir
	inside
	exit
fi

attempt()
{
	local root src overlay install program

	src=${RILL_MODULE_SRC:-$RILL_TOP}
	root=$("$RILL_TOP/tools/root.sh" "$key")
	overlay=$(mktemp -d "$RILL_CACHE/dkms-XXXX")
	OVERLAY=$overlay "$RILL_TOP/tools/in-root.sh" "$root" \
		"$RILL_TOP=/rill" "$src=/src" -- \
		/rill/tools/check/dkms.sh --inside /src >"$dir/dkms.log" 2>&1 || {
			tail -n 20 "$dir/dkms.log" >&2
			rm -rf "$overlay"
			return 1
		}
	tar -C "$overlay/upper" -cf "$dir/layer.tar" usr/lib/modules
	rm -rf "$overlay"
	install=$dir/install
	"$here/ksft.sh" "$key" "$install" >/dev/null
	program=socket
	[ -x "$install/rill/$program" ] ||
		program=$(head -n 1 "$install/kselftest-list.txt" | cut -d: -f2)
	KERNEL=$key MODULE=none LAYER=$dir/layer.tar LOGDIR=$dir/guest \
		SHARE=$install TIMEOUT=300 RUN="
		set -ex
		! grep '^rill ' /proc/modules
		modinfo rill | head -n 3
		cd /share/rill && ./$program
		! test -e autoload.sh || ./autoload.sh
		grep '^rill ' /proc/modules" \
		"$RILL_TOP/tools/vm/vm.sh" >"$dir/output" 2>&1 || {
			tail -n 20 "$dir/output" >&2
			return 1
		}
}

mkdir -p "$dir"
if attempt; then
	printf '%s\tdkms\t1\t0\t0\n' "$key" >>"$dir/results.tsv"
	log "$key: DKMS builds, installs and the module loads by itself"
else
	printf '%s\tdkms\t0\t1\t0\n' "$key" >>"$dir/results.tsv"
	echo "$key: dkms: $dir/dkms.log, $dir/output" >>"$dir/failures"
fi
