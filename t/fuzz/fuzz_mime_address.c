/*
 * Address lists: groups are balanced, limits hold, no string has a byte that
 * would break a line, and what is written back parses to the same address.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mime/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 50 };

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_string(struct str s)
{
	check(str_chr(s, '\r') < 0 && str_chr(s, '\n') < 0);
	check(str_chr(s, '\0') < 0);
}

static void
check_round_trip(struct arena *arena, const struct mime_address *address)
{
	struct mime_address_list again = { 0 };
	struct buf out;

	buf_init(&out, 0);
	(void)mime_address_write(&out, address);
	if (address->valid) {
		mime_address_parse(&again, arena, buf_str(&out), MAX);
		check(again.count == 1 && again.first->valid);
		check(str_eq(again.first->mailbox, address->mailbox));
		check(str_eq(again.first->host, address->host));
	}
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mime_address_list list = { 0 };
	struct arena *arena = arena_new(0);
	const struct mime_address *a;
	size_t bytes = 0, groups = 0, count = 0;

	mime_address_parse(&list, arena, str_make(data, size), MAX);
	for (a = list.first; a != NULL; a = a->next) {
		check_string(a->name);
		check_string(a->route);
		check_string(a->mailbox);
		check_string(a->host);
		bytes +=
		    a->name.len + a->route.len + a->mailbox.len + a->host.len;
		groups += a->kind == MIME_ADDRESS_GROUP;
		count += a->kind != MIME_ADDRESS_GROUP_END;
		if (a->kind == MIME_ADDRESS_GROUP_END)
			check(groups-- == 1);
		if (a->kind == MIME_ADDRESS_MAILBOX)
			check_round_trip(arena, a);
	}
	check(groups == 0);
	check(bytes <= size);
	check(count == list.count && count <= MAX);
	arena_free(arena);
	return 0;
}
