/*
 * The words of a command, one after the other as far as they go, and the
 * answer's strings: whatever an nstring was read as is written and read again.
 */
#include <stdint.h>

#include "base/log.h"
#include "imap/date.h"
#include "imap/flags.h"
#include "imap/statusatt.h"
#include "imap/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_roundtrip(struct arena *arena, struct str s)
{
	struct str in, again;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	(void)token_put_astring(&out, s);
	in = buf_str(&out);
	if (token_astring(arena, &in, &again, &err) < 0 || in.len > 0 ||
	    !str_eq(s, again))
		panic("astring changed");
	buf_clear(&out);
}

static void
parse_rest(struct arena *arena, struct str in)
{
	struct imap_flags flags;
	struct str at = in;
	struct err err;
	int64_t seconds;
	unsigned items;
	int32_t day;

	(void)imap_flags_parse(arena, &at, &flags, &err);
	at = in;
	(void)statusatt_parse(&at, &items, &err);
	at = in;
	(void)imap_date_time_parse(&at, &seconds, &err);
	at = in;
	(void)imap_date_parse(&at, &day, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct str in = str_make(data, size), s;
	struct token_literal literal;
	struct err err;

	(void)token_line_literal(in, &literal, &err);
	if (token_tag(&in, &s, &err) == 0 && token_sp(&in, &err) == 0 &&
	    token_atom(&in, &s, &err) == 0) {
		while (token_sp(&in, &err) == 0) {
			parse_rest(arena, in);
			if (token_nstring(arena, &in, &s, &err) == 0) {
				if (s.p != NULL)
					check_roundtrip(arena, s);
			} else if (token_list_mailbox(arena, &in, &s, &err) <
			    0) {
				break;
			}
		}
	}
	arena_free(arena);
	return 0;
}
