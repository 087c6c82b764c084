# SPDX-License-Identifier: GPL-2.0-only
# usage: awk -f link.awk budget.txt RESULTS...
# As report.awk, for what was measured over a link: the figures of each family,
# and what AF_RILL should reach beside TCP (lines "link OPERATION AIM" of
# budget.txt: TCP's figure divided by AF_RILL's, or thousandths of Jain's index).

function median(list,    n, v, i, j, x)
{
	n = split(list, v, " ")
	for (i = 2; i <= n; i++) {
		x = v[i] + 0
		for (j = i - 1; j > 0 && v[j] + 0 > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function line(n)
{
	while (n-- > 0)
		printf "-"
	print ""
}

function table(mode, title, divisor, form,    i, j)
{
	print title
	printf "%-12s", "operation"
	for (j = 1; j <= families; j++)
		printf " %14s", family[j]
	print ""
	line(12 + 15 * families)
	for (i = 1; i <= ops; i++) {
		if (!((mode, op[i]) in measured))
			continue
		printf "%-12s", op[i]
		for (j = 1; j <= families; j++)
			if ((mode, op[i], family[j]) in value)
				printf form, median(value[mode, op[i], family[j]]) / divisor
			else
				printf " %14s", "-"
		print ""
	}
	print ""
}

# The median of TCP's figure by AF_RILL's in the same round.
function gain(mode, o, f,    n, m, x, y, i, list)
{
	n = split(value[mode, o, "tcp"], x, " ")
	m = split(value[mode, o, f], y, " ")
	for (i = 1; i <= n && i <= m; i++)
		if (y[i] > 0)
			list = list " " x[i] / y[i]
	return list == "" ? "-" : sprintf("%.2f", median(list))
}

function verdict(mode, i, f,    x)
{
	if (aim_op[i] !~ /^fair/)
		x = gain(mode, aim_op[i], f)
	else if ((mode, aim_op[i], f) in value)
		x = value[mode, aim_op[i], f] / 1000
	else
		x = "-"
	if (x == "-")
		return
	printf "%-12s %-7s %-15s %6.2f %9.2f  %s\n", aim_op[i], mode, f, aim[i], x, \
		(x + 0 >= aim[i] + 0 ? "yes" : "no")
}

FNR == NR {
	if ($1 == "link") {
		aims++
		aim_op[aims] = $2
		aim[aims] = $3
	}
	next
}

NF != 4 || ($1 != "icount" && $1 != "wall") || $3 == "floor" {
	next
}

{
	if (!($3 in seen_family)) {
		seen_family[$3] = 1
		family[++families] = $3
	}
	if (!($2 in seen_op)) {
		seen_op[$2] = 1
		op[++ops] = $2
	}
	any[$1] = 1
	if ($4 != "-") {
		measured[$1, $2] = 1
		value[$1, $2, $3] = value[$1, $2, $3] " " $4
	}
}

END {
	if (any["icount"])
		table("icount", "Guest instructions for one operation, medians." \
			" Else: away64k, lossy64k: nanoseconds;\nfair, fairtcp:" \
			" Jain's index in thousandths; memory, memfree: bytes a pair", \
			1, " %14.0f")
	if (any["wall"])
		table("wall", "Wall time for one operation, microseconds, medians of rounds", \
			1000, " %14.1f")
	print "AF_RILL beside TCP: how many times better, or Jain's index"
	printf "%-12s %-7s %-15s %6s %9s  %s\n", "operation", "mode", "family", "aim", \
		"measured", "reached"
	line(63)
	for (i = 1; i <= aims; i++)
		for (j = 1; j <= families; j++)
			if (family[j] ~ /^rill/) {
				verdict("icount", i, family[j])
				verdict("wall", i, family[j])
			}
}
