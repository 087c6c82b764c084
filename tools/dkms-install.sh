#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/dkms-install.sh [KERNEL-RELEASE]
# Gives the sources to DKMS, builds and installs rill.ko for a kernel (the
# running one), so that socket(AF_RILL, ...) loads it from now on.

. "$(dirname "$0")/lib.sh"

need_root
need dkms
release=${1:-$(uname -r)}
src=${RILL_MODULE_SRC:-$RILL_TOP}
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$RILL_TOP/dkms.conf")
dest=/usr/src/rill-$version

if dkms status -m rill -v "$version" 2>/dev/null | grep -q rill; then
	dkms remove -m rill -v "$version" --all
fi
rm -rf "$dest"
mkdir -p "$dest"
cp -r "$src/Kbuild" "$src/module" "$src/uapi" "$RILL_TOP/dkms.conf" "$dest/"
find "$dest" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' \) -delete
dkms add -m rill -v "$version"
dkms build -m rill -v "$version" -k "$release"
dkms install -m rill -v "$version" -k "$release" --force
