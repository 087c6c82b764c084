# SPDX-License-Identifier: GPL-2.0-only
# usage: awk -v section=N -v value=MEDIAN -f profile.awk
# Reads kallsyms lines and the plugin's lines, sorted together by address
# (both have 16 digits, so text order is the order of addresses). Prints the
# instructions and entries of each function for one operation, of which one
# window may hold a batch. Instructions are scaled to the median measured, so
# that a timer interrupt now and then does not add to them.

# A symbol: ADDRESS TYPE NAME [MODULE]. The last of several at one address.
$2 ~ /^[A-Za-z]$/ {
	name = $3 (NF > 3 ? " " $4 : "")
	base = $1
	next
}

$2 != section {
	next
}

$1 == "windows" {
	windows = $3
	next
}

{
	f = $1 < "8" ? "(user space)" : name
	insns[f] += $3
	total += $3
	if ($1 == base)
		calls[f] += $4
	m = f ~ /\[/ ? substr(f, index(f, "[")) : $1 < "8" ? "(user)" : "kernel"
	module[m] += $3
}

END {
	if (!windows || !total)
		exit 1
	scale = value / total
	batch = int(total / windows / value + 0.5)
	if (batch < 1)
		batch = 1
	for (m in module)
		printf "%10.0f %6.1f           in %s\n", module[m] * scale, \
			100 * module[m] / total, m
	printf "%10.0f  100.0           all, of %d windows\n\n", value, windows
	printf "%10s %6s %8s  %s\n", "instr/op", "%", "calls/op", "function"
	fflush()
	for (f in insns)
		printf "%10.0f %6.1f %8.2f  %s\n", insns[f] * scale, \
			100 * insns[f] / total, calls[f] / windows / batch, f | "sort -rn"
}
