#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/source.sh KERNEL
# Unpacks Debian's linux-source package that goes with a kernel (the whole of
# it for the debug kernel, else what kselftest needs), and prints where it is.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/kernels.sh"

unpack()
{
	local parts=()

	[ ! -e "$dir/Makefile" ] || return 0
	need xz=xz-utils
	log "taking $package $version"
	rm -rf "$dir.tmp" && mkdir -p "$dir.tmp"
	(
		cd "$dir.tmp"
		apt_of "$suite" apt-get -qq download "$package=$version"
		dpkg-deb --fsys-tarfile ./*.deb |
			tar -x --wildcards './usr/src/linux-source-*.tar.xz'
		rm -f ./*.deb
	) >"$dir.log" 2>&1 || die "cannot take $package: $dir.log"
	if [ "$key" != debug ]; then
		parts=('*/Makefile' '*/tools/testing/selftests/*' '*/scripts/*'
			'*/tools/include/*')
	fi
	mkdir "$dir.tmp/tree"
	tar -C "$dir.tmp/tree" --strip-components=1 --wildcards -xJf \
		"$dir.tmp"/usr/src/linux-source-*.tar.xz \
		"${parts[@]}" || die "cannot unpack $package"
	# Where our collection is bound in.
	mkdir -p "$dir.tmp/tree/tools/testing/selftests/rill"
	mv "$dir.tmp/tree" "$dir"
	rm -rf "$dir.tmp"
}

[ $# = 1 ] || die "usage: tools/source.sh KERNEL"
key=$1
suite=$(suite_of "$key")
package=$(source_package_of "$key")
version=$(version_in "$suite" "$package")
[ -n "$version" ] || die "$suite has no $package"
dir=$RILL_CACHE/source-$key-$(echo "1 $key $package $version" | hash12)
locked "source-$key" unpack
prune "source-$key-*" "$dir"
echo "$dir"
