#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/num.h"
#include "dnsd/packet.h"

enum { ROOM = 4096 };

/* A packet in the making: header and question are always there. */
struct packet {
	unsigned char bytes[ROOM];
	size_t len;
};

static void
put(struct packet *packet, const void *bytes, size_t len)
{
	assert_true(packet->len + len <= ROOM);
	memcpy(packet->bytes + packet->len, bytes, len);
	packet->len += len;
}

static void
begin(struct packet *packet, unsigned rcode)
{
	unsigned char head[12] = { 0, 1, 0x81, 0x80 };

	head[3] |= (unsigned char)rcode;
	head[5] = 1;
	packet->len = 0;
	put(packet, head, sizeof(head));
	put(packet, "\1a\2de\0\0\17\0\1", 10); /* a.de at 12 */
}

/* A record of a.de (or another owner), counted in its section. */
static void
add(struct packet *packet, int section, const char *owner, size_t owner_len,
    uint16_t type, uint32_t ttl, const void *data, size_t len)
{
	unsigned char head[10];
	unsigned char *counter = packet->bytes + 6 + 2 * section;

	num_put_u16(counter, (uint16_t)(num_get_u16(counter) + 1));
	num_put_u16(head, type);
	num_put_u16(head + 2, 1);
	num_put_u32(head + 4, ttl);
	num_put_u16(head + 8, (uint16_t)len);
	put(packet, owner, owner_len);
	put(packet, head, sizeof(head));
	put(packet, data, len);
}

#define OWN "\300\14", 2

static int
read_it(const struct packet *packet, uint16_t type, struct dns_answer *answer,
    struct arena *arena, struct err *err)
{
	return packet_read(answer, str_make(packet->bytes, packet->len),
	    STR("A.de"), type, arena, err);
}

static struct dns_record *
record(const struct dns_answer *answer, size_t i)
{
	return (struct dns_record *)answer->records.items + i;
}

static void
records_of_the_type_are_taken_apart(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct dns_answer answer;
	struct packet packet;
	struct err err;

	(void)state;
	begin(&packet, 0);
	add(&packet, 0, OWN, 15, 300, "\0\12\2mx\300\14", 7);
	add(&packet, 0, OWN, 15, 200, "\1\0\0", 3);
	add(&packet, 0, OWN, 1, 100, "\300\0\2\1", 4);
	assert_int_equal(read_it(&packet, DNS_MX, &answer, arena, &err), 0);
	assert_int_equal(answer.status, DNS_FOUND);
	assert_int_equal(answer.records.count, 2);
	assert_true(str_eqz(record(&answer, 0)->data, "mx.a.de"));
	assert_int_equal(record(&answer, 0)->preference, 10);
	assert_int_equal(record(&answer, 1)->data.len, 0);
	assert_int_equal(record(&answer, 1)->preference, 256);
	assert_int_equal(answer.ttl, 200);
	assert_int_equal(read_it(&packet, DNS_A, &answer, arena, &err), 0);
	assert_int_equal(record(&answer, 0)->data.len, 4);
	assert_int_equal(read_it(&packet, DNS_AAAA, &answer, arena, &err), 0);
	assert_int_equal(answer.status, DNS_NO_DATA);

	begin(&packet, 0);
	add(&packet, 0, OWN, 16, 9, "\3one\0\4, 2.", 10);
	add(&packet, 0, OWN, 16, UINT32_MAX, "", 0);
	assert_int_equal(read_it(&packet, DNS_TXT, &answer, arena, &err), 0);
	assert_true(str_eqz(record(&answer, 0)->data, "one, 2."));
	assert_int_equal(record(&answer, 1)->data.len, 0);
	assert_int_equal(answer.ttl, 0); /* RFC 2181 section 8 */
	arena_free(arena);
}

static void
aliases_are_followed_to_their_end(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct dns_answer answer;
	struct packet packet;
	struct err err;

	(void)state;
	begin(&packet, 0);
	add(&packet, 0, "\1c\2de\0", 6, 1, 50, "\300\0\2\1", 4);
	add(&packet, 0, "\1b\2de\0", 6, 5, 40, "\1C\2de\0", 6);
	add(&packet, 0, OWN, 5, 60, "\1b\2de\0", 6);
	assert_int_equal(read_it(&packet, DNS_A, &answer, arena, &err), 0);
	assert_int_equal(answer.records.count, 1);
	assert_int_equal(answer.ttl, 40);
	assert_true(str_eqz(answer.name, "C.de"));
	assert_int_equal(read_it(&packet, DNS_CNAME, &answer, arena, &err), 0);
	assert_true(str_eqz(record(&answer, 0)->data, "b.de"));

	begin(&packet, 0);
	add(&packet, 0, OWN, 5, 60, "\300\14", 2);
	assert_int_equal(read_it(&packet, DNS_A, &answer, arena, &err), -1);
	assert_int_equal(err.kind, ERR_CORRUPT);
	arena_free(arena);
}

static void
each_no_is_told_with_how_long_it_holds(void **state)
{
	static const struct {
		unsigned rcode;
		uint32_t ttl, minimum;
		enum dns_status status;
		uint32_t want;
	} cases[] = {
		{ 0, 600, 60, DNS_NO_DATA, 60 },
		{ 3, 30, 60, DNS_NO_NAME, 30 },
		{ 2, 600, 60, DNS_TEMP, 0 },
		{ 5, 600, 60, DNS_TEMP, 0 },
	};
	unsigned char soa[28] = "\1n\0\1h\0";

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct dns_answer answer;
		struct packet packet;
		struct err err;

		num_put_u32(soa + sizeof(soa) - 4, cases[i].minimum);
		begin(&packet, cases[i].rcode);
		add(&packet, 1, "\2de\0", 4, 6, cases[i].ttl, soa, sizeof(soa));
		assert_int_equal(read_it(&packet, DNS_A, &answer, arena, &err),
		    0);
		assert_int_equal(answer.status, cases[i].status);
		assert_int_equal(answer.ttl, cases[i].want);
		assert_int_equal(answer.reason.len > 0,
		    answer.status == DNS_TEMP);
		arena_free(arena);
	}
}

static void
what_does_not_fit_is_refused(void **state)
{
	static const struct {
		uint16_t type;
		const char *owner;
		size_t owner_len;
		const char *data;
		size_t len;
	} cases[] = {
		{ 1, OWN, "abc", 3 },
		{ 28, OWN, "abcd", 4 },
		{ 15, OWN, "\0\1", 2 },
		{ 15, OWN, "\0\1\1x", 4 }, /* runs over its end */
		{ 15, OWN, "\0\1\0x", 4 }, /* ends before it */
		{ 12, OWN, "\300\60", 2 }, /* forwards */
		{ 12, OWN, "\77xxx", 4 },  /* label too long */
		{ 12, OWN, "\100", 1 },    /* no kind of label */
		{ 16, OWN, "\5abc", 4 },
		{ 1, "\300\26", 2, "abcd", 4 }, /* points at itself */
		{ 1, "\300", 1, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct dns_answer answer;
		struct packet packet;
		struct err err;

		begin(&packet, 0);
		add(&packet, 0, cases[i].owner, cases[i].owner_len,
		    cases[i].type, 1, cases[i].data, cases[i].len);
		assert_int_equal(
		    read_it(&packet, cases[i].type, &answer, arena, &err), -1);
		assert_int_equal(err.kind, ERR_CORRUPT);
		arena_free(arena);
	}
}

static void
every_packet_cut_short_is_refused(void **state)
{
	struct packet packet;

	(void)state;
	begin(&packet, 0);
	add(&packet, 0, OWN, 15, 300, "\0\12\2mx\300\14", 7);
	for (size_t len = 0; len < packet.len; len++) {
		struct arena *arena = arena_new(1 << 20);
		struct packet cut = packet;
		struct dns_answer answer;
		struct err err;

		cut.len = len;
		assert_int_equal(read_it(&cut, DNS_MX, &answer, arena, &err),
		    -1);
		arena_free(arena);
	}
}

static void
names_are_bounded(void **state)
{
	char name[300];
	size_t len = 0;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct arena *arena = arena_new(1 << 20);
		struct dns_answer answer;
		struct packet packet;
		struct err err;

		/* Three labels of 63, one of 61 or 62: 255 or 256 bytes. */
		len = 0;
		for (int i = 0; i < 4; i++) {
			int label = i < 3 ? 63 : 61 + extra;

			name[len++] = (char)label;
			memset(name + len, '.', (size_t)label);
			len += (size_t)label;
		}
		name[len++] = '\0';
		begin(&packet, 0);
		add(&packet, 0, OWN, 12, 1, name, len);
		assert_int_equal(
		    read_it(&packet, DNS_PTR, &answer, arena, &err),
		    extra == 0 ? 0 : -1);
		if (extra == 0)
			assert_int_equal(record(&answer, 0)->data.len,
			    250 * 4 + 3);
		arena_free(arena);
	}
}

static void
only_so_many_records_are_kept(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct dns_answer answer;
	struct packet packet;
	struct err err;

	(void)state;
	begin(&packet, 0);
	for (int i = 0; i <= DNS_RECORDS_MAX; i++)
		add(&packet, 0, OWN, 1, 9, "abcd", 4);
	assert_int_equal(read_it(&packet, DNS_A, &answer, arena, &err), 0);
	assert_int_equal(answer.records.count, DNS_RECORDS_MAX);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_the_type_are_taken_apart),
		cmocka_unit_test(aliases_are_followed_to_their_end),
		cmocka_unit_test(each_no_is_told_with_how_long_it_holds),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(every_packet_cut_short_is_refused),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(only_so_many_records_are_kept),
	};

	return cmocka_run_group_tests_name("dnsd/packet", tests, NULL, NULL);
}
