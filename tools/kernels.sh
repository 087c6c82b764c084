#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernels that rill is proved on, and where each comes from. Sourced.

# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ALL_KERNELS="6.1 6.12 7.2 debug"

# The Debian suite whose root (compiler, libc, tools) a kernel is used with.
suite_of()
{
	case $1 in
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.2 | debug) echo trixie-backports ;;
	*) die "unknown kernel '$1' (one of: $ALL_KERNELS)" ;;
	esac
}

# The root that serves a kernel: the debug kernel borrows that of 7.2.
root_key_of()
{
	case $1 in
	debug) echo 7.2 ;;
	*) echo "$1" ;;
	esac
}

# Sets main and security: the host's own mirrors.
find_mirrors()
{
	local site release

	main="" security=""
	# shellcheck disable=SC2016 # apt's own variables
	while read -r site release; do
		case ${release%%-*} in
		bookworm | trixie | forky | sid | oldstable | stable | \
			testing | unstable) ;;
		*) continue ;;
		esac
		case $release in
		*-security) security=$site ;;
		*) main=$site ;;
		esac
	done < <(apt-get indextargets --format '$(SITE) $(RELEASE)' \
		'Created-By: Packages' | sed 's,/* , ,')
}

# source_lines SUITE: a sources.list of the host's mirrors for a suite.
source_lines()
{
	local base=${1%-backports} main security
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	find_mirrors
	[ -n "$main" ] || {
		# A machine that never asked its mirror names none.
		apt_run update >&2
		find_mirrors
	}
	[ -n "$main" ] || die "apt-get indextargets names no Debian mirror"
	echo "deb [signed-by=$keyring] $main $base main"
	echo "deb [signed-by=$keyring] $main $base-updates main"
	[ -z "$security" ] ||
		echo "deb [signed-by=$keyring] $security $base-security main"
	[ "$base" = "$1" ] ||
		echo "deb [signed-by=$keyring] $main $1 main"
}

# apt_of SUITE COMMAND...: apt with the lists of another suite, kept apart
# from the host's.
apt_of()
{
	local dir=$RILL_CACHE/apt/$1 tool=$2
	shift 2

	"$tool" -o Dir::Etc="$dir/etc" \
		-o Dir::Etc::sourcelist="$dir/etc/sources.list" \
		-o Dir::State="$dir" -o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir/cache" -o APT::Architecture=amd64 \
		-o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

# Takes the suite's package lists, once for each run of the rig.
refresh_lists()
{
	local dir=$RILL_CACHE/apt/$1

	[ -z "$(find "$dir/stamp" -mmin -120 2>/dev/null)" ] || return 0
	mkdir -p "$dir/etc/preferences.d" "$dir/etc/apt.conf.d" \
		"$dir/etc/sources.list.d" "$dir/lists/partial" \
		"$dir/cache/archives/partial"
	: >"$dir/status"
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		need /nonexistent=debian-archive-keyring
	source_lines "$1" >"$dir/etc/sources.list"
	if apt_of "$1" apt-get -qq update >"$dir/update.log" 2>&1; then
		rm -f "$dir/answer-"*
		touch "$dir/stamp"
	elif [ -e "$dir/stamp" ]; then
		log "the mirror does not answer for $1: using what is known"
	else
		die "cannot read the package lists of $1: $dir/update.log"
	fi
}

# newest SUITE APT-CACHE-ARGUMENTS: a backports suite is only taken from when
# it is asked for; security updates come by themselves.
newest()
{
	local suite=$1
	shift
	case $suite in
	*-backports) apt_of "$suite" apt-cache -t "$suite" "$@" ;;
	*) apt_of "$suite" apt-cache "$@" ;;
	esac
}

# answer SUITE NAME FUNCTION...: what a function prints, asked once for each
# taking of the lists.
answer()
{
	local file=$RILL_CACHE/apt/$1/answer-$2

	locked "apt-$1" refresh_lists "$1"
	[ -s "$file" ] || {
		"${@:3}" >"$file.$$"
		mv "$file.$$" "$file"
	}
	cat "$file"
}

# image_of SUITE: 'package version' of the suite's newest stock kernel.
image_of()
{
	answer "$1" image find_image "$1"
}

find_image()
{
	local package

	package=$(newest "$1" depends linux-image-amd64 |
		awk '$2 ~ /^linux-image-[0-9]/ {print $2; exit}')
	[ -n "$package" ] || die "no linux-image-amd64 in $1"
	echo "$package $(version_in "$1" "$package")"
}

# version_in SUITE PACKAGE
version_in()
{
	answer "$1" "version-$2" find_version "$1" "$2"
}

find_version()
{
	newest "$1" policy "$2" | awk '$1 == "Candidate:" {print $2}'
}

# source_package_of KEY: the linux-source package that goes with a kernel;
# the debug kernel takes the newest there is.
source_package_of()
{
	local suite
	suite=$(suite_of "$1")
	answer "$suite" "source-$1" find_source_package "$1" "$suite"
}

find_source_package()
{
	case $1 in
	debug)
		apt_of "$2" apt-cache search --names-only \
			'^linux-source-[0-9.]+$' | awk '{print $1}' |
			sort -V | tail -n 1
		;;
	*)
		image_of "$2" |
			sed -E 's/^linux-image-([0-9]+\.[0-9]+).*/linux-source-\1/'
		;;
	esac
}
