/*
 * DNS answers as they come off the wire: two bytes choose the type that was
 * asked for, the rest is the packet. Names that come out must be such as can
 * be asked for again, unchanged. The same bytes as what people write.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/num.h"
#include "dnsd/name.h"
#include "dnsd/packet.h"
#include "dnsd/servers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
name_again(struct str name)
{
	char out[DNS_NAME_MAX + 1];

	if (!name_make(out, name) || !str_eqz(name, out))
		abort();
}

static void
words(struct str in)
{
	char out[DNS_NAME_MAX + 1];
	struct servers servers;
	struct str record;
	struct err err;

	if (name_make(out, in))
		name_again(str_of(out));
	(void)servers_parse(&servers, in, &err);
	servers_parse_resolv(&servers, in);
	while (servers_next_anchor(&in, &record)) {
		if (record.len == 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_answer answer;
	struct dns_record *record;
	struct arena *arena;
	struct err err;
	uint16_t type;

	words(str_make(data, size));
	if (size < 2)
		return 0;
	type = num_get_u16(data);
	arena = arena_new(1 << 20);
	if (packet_read(&answer, str_make(data + 2, size - 2), STR("a.de"),
		type, arena, &err) == 0) {
		name_again(answer.name);
		record = answer.records.items;
		for (size_t i = 0; i < answer.records.count; i++) {
			if (type == DNS_MX || type == DNS_PTR)
				name_again(record[i].data);
		}
	}
	arena_free(arena);
	return 0;
}
