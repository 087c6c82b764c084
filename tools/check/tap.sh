#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/tap.sh KERNEL LIST RESULTS FAILURES
# Reads what run_kselftest.sh prints, counts the subtests of each program, and
# says so as each ends. One line of RESULTS is
# kernel<TAB>program<TAB>passed<TAB>failed<TAB>skipped; FAILURES gets the names
# of what failed, each with what the harness said of it. A program of LIST (lines
# collection:program) that never ended has failed; so has one that ended badly
# without a subtest to blame, or short of its plan.

. "$(dirname "$0")/../lib.sh"

kernel=$1 list=$2 results=$3 failures=$4
pass=0 fail=0 skip=0 plan=0 started=$SECONDS
declare -A seen=()

begin()
{
	pass=0 fail=0 skip=0 plan=0 started=$SECONDS said=""
}

blame()
{
	printf '%s: %s: %s\n' "$kernel" "$1" "$2" >>"$failures"
}

# subtest LINE: an (ok|not ok) line of a program.
subtest()
{
	if [[ $1 == "not ok "* ]]; then
		fail=$((fail + 1))
		failed+=("${1#not ok }${said:+ [${said:0:200}]}")
	elif [[ $1 =~ \#\ *(SKIP|XFAIL) ]]; then
		skip=$((skip + 1))
	else
		pass=$((pass + 1))
	fi
	said=""
}

# ended LINE NAME: the runner's own verdict on a program.
ended()
{
	local line=$1 name=$2 one

	seen[$name]=1
	for one in "${failed[@]}"; do
		blame "$name" "$one"
	done
	failed=()
	if [[ $line == "not ok "* ]]; then
		[ $fail -gt 0 ] || {
			fail=1
			blame "$name" "the program itself: ${line#*"$name"}"
		}
	elif [ $((pass + fail + skip)) = 0 ]; then
		if [[ $line == *"# SKIP"* ]]; then
			skip=1
		else
			pass=1
		fi
	elif [ $((pass + fail + skip)) -lt "$plan" ]; then
		fail=$((fail + 1))
		blame "$name" "$((plan - pass - fail - skip + 1)) tests did not run"
	fi
	printf '%s\t%s\t%d\t%d\t%d\n' "$kernel" "$name" $pass $fail $skip \
		>>"$results"
	log "$kernel $name: $pass passed, $fail failed, $skip skipped" \
		"($((SECONDS - started)) s)"
	begin
}

failed=()
begin
while IFS= read -r line; do
	line=${line%$'\r'}
	if [[ $line =~ ^(not\ )?ok\ [0-9]+\ (\#\ )?selftests:\ rill:\ ([^ ]+) ]]; then
		ended "$line" "${BASH_REMATCH[3]}"
	elif [[ $line =~ ^\#\ +((not\ )?ok\ [0-9]+.*) ]]; then
		subtest "${BASH_REMATCH[1]}"
	elif [[ $line =~ ^\#\ 1\.\.([0-9]+) ]]; then
		plan=${BASH_REMATCH[1]}
	elif [[ $line =~ ^\#\ \#\ +([^ ]+\.c:.*) ]]; then
		# Where the test failed first is the cause, the rest follows.
		said=${said:-${BASH_REMATCH[1]}}
	fi
done
while IFS=: read -r _ name; do
	[ -z "${seen[$name]:-}" ] || continue
	blame "$name" "did not run to its end"
	for one in "${failed[@]}"; do
		blame "$name" "$one"
	done
	# What was under way when the guest died keeps its counts.
	printf '%s\t%s\t%d\t%d\t%d\n' "$kernel" "$name" $pass $((fail + 1)) \
		$skip >>"$results"
	failed=()
	begin
done <"$list"
