/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP in a page: check() counts what is wrong, tap_end() reports a test.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static int tap_number;
static int tap_wrong;
static bool tap_failed;

/**
 * check() - Note whether something holds.
 * @ok: What must hold.
 * @format: Printed when it does not, as printf() does.
 */
static inline void check(bool ok, const char *format, ...)
{
	va_list args;

	if (ok)
		return;
	tap_wrong++;
	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/** tap_end() - The test @name ends: one line of TAP. */
static inline void tap_end(const char *name)
{
	printf("%sok %d - %s\n", tap_wrong ? "not " : "", ++tap_number, name);
	tap_failed |= tap_wrong > 0;
	tap_wrong = 0;
}

/** tap_done() - Print the plan. Return: the program's status. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_number);
	return tap_failed;
}

#endif /* TAP_H */
