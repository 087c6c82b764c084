#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What every script of the rig shares. Sourced, never run.

set -euo pipefail
shopt -s inherit_errexit

RILL_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
RILL_CACHE=${RILL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rill}
RILL_CACHE=$(realpath -m -- "$RILL_CACHE")
export RILL_TOP RILL_CACHE

# Fixed words sort and compare the same way everywhere.
export LC_ALL=C.UTF-8

log()
{
	printf '[%(%H:%M:%S)T] %s\n' -1 "$*" >&2
}

die()
{
	log "error: $*"
	exit 1
}

# The static checks would take whole Debian roots for the project's files.
case $RILL_CACHE/ in
"$RILL_TOP"/*) die "RILL_CACHE must lie outside the checkout: $RILL_CACHE" ;;
esac

need_root()
{
	[ "$(id -u)" = 0 ] || die "must run as root (mounts, chroot and apt-get)"
}

# apt_lock_run COMMAND...: apt-get refuses to run twice at a time.
apt_run()
{
	mkdir -p "$RILL_CACHE"
	DEBIAN_FRONTEND=noninteractive flock "$RILL_CACHE/apt.lock" \
		apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}

# need COMMAND[=PACKAGE]...: installs the package of each missing command.
need()
{
	local item missing=()

	for item in "$@"; do
		command -v "${item%%=*}" >/dev/null 2>&1 ||
			missing+=("${item#*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	need_root
	log "installing ${missing[*]}"
	{
		apt_run install -y --no-install-recommends "${missing[@]}" || {
			apt_run update
			apt_run install -y --no-install-recommends "${missing[@]}"
		}
	} >"$RILL_CACHE/apt-install.log" 2>&1 ||
		die "apt-get install ${missing[*]} failed: $RILL_CACHE/apt-install.log"
}

# locked NAME FUNCTION...: one builder at a time for each cached thing.
locked()
{
	local name=$1
	shift
	mkdir -p "$RILL_CACHE/lock"
	(
		flock 9
		"$@"
	) 9>"$RILL_CACHE/lock/$name"
}

hash12()
{
	sha256sum | cut -c1-12
}

# Forgets what has not been used for a week; what is in use is touched.
prune()
{
	find "$RILL_CACHE" -mindepth 1 -maxdepth 1 -name "$1" ! -path "$2" \
		-mtime +7 -exec rm -rf --one-file-system {} + 2>/dev/null || true
	touch "$2"
}
