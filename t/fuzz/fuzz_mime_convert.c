/*
 * A message made fit for other hosts (the first byte says for which, the
 * second in pieces of which size): what comes out is fit, holds the same parts
 * with the same decoded content, does not depend on the pieces, and is not
 * changed when it is made fit again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "mime/convert.h"
#include "mime/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mime_limits limits = {
	.max_depth = MIME_CONVERT_DEPTH,
	.max_parts = 100000,
	.max_params = 100,
	.max_addresses = 10,
};

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static enum mime_fault
run(const struct mime_convert_opts *opts, struct str message, size_t piece,
    struct buf *out)
{
	struct mime_convert *d = mime_convert_new(opts);
	enum mime_fault fault = MIME_FAULT_NONE;

	while (message.len > 0 && fault == MIME_FAULT_NONE) {
		struct str part = str_sub(message, 0, piece);

		fault = mime_convert_put(d, out, part);
		str_skip(&message, part.len);
	}
	if (fault == MIME_FAULT_NONE)
		fault = mime_convert_end(d, out);
	mime_convert_free(d);
	return fault;
}

static void
check_lines(struct str out)
{
	size_t column = 0;

	check(out.len == 0 || str_ends(out, STR("\r\n")));
	for (size_t i = 0; i < out.len; i++) {
		char c = out.p[i];

		column = c == '\n' ? 0 : column + 1;
		check(c != '\0' && column <= 999);
		check((c == '\n') == (i > 0 && out.p[i - 1] == '\r'));
	}
}

/* A message's last line is ended where it was not. */
static struct str
without_end(struct buf *text, bool to_lines)
{
	struct str s = buf_str(text);

	if (to_lines && str_ends(s, STR("\r\n")))
		s.len -= 2;
	return s;
}

static void
check_leaf(const struct mime_part *before, const struct mime_part *after,
    bool to_lines)
{
	struct buf a, b;

	buf_init(&a, 0);
	buf_init(&b, 0);
	(void)mime_decode_all(&a, before->encoding, before->body);
	(void)mime_decode_all(&b, after->encoding, after->body);
	check(str_eq(without_end(&a, to_lines), without_end(&b, to_lines)));
	buf_clear(&a);
	buf_clear(&b);
}

static void
check_same(const struct mime_part *before, const struct mime_part *after,
    bool to_lines)
{
	check(before->kind == after->kind);
	check(str_ieq(before->type.type, after->type.type));
	check(str_ieq(before->type.subtype, after->type.subtype));
	if (before->kind == MIME_PART_LEAF)
		check_leaf(before, after, to_lines);
	before = before->child;
	after = after->child;
	while (before != NULL && after != NULL) {
		check_same(before, after, to_lines);
		before = before->next;
		after = after->next;
	}
	check(before == after);
}

static void
check_parts(struct str before, struct str after, bool to_lines)
{
	struct arena *arena = arena_new(0);
	struct mime_part *a, *b;
	struct err err;

	check(mime_part_parse(&a, NULL, arena, before, &limits, &err) == 0);
	check(mime_part_parse(&b, NULL, arena, after, &limits, &err) == 0);
	check_same(a, b, to_lines);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mime_convert_opts opts;
	struct buf whole, pieces, again;
	enum mime_fault fault;
	struct str message;

	if (size < 2)
		return 0;
	message = str_make(data + 2, size - 2);
	opts = (struct mime_convert_opts){
		.to_seven = (data[0] & 1) != 0,
		.to_lines = (data[0] & 2) != 0,
		.ascii_header = (data[0] & 4) != 0,
		.lenient = (data[0] & 8) != 0,
	};
	buf_init(&whole, 0);
	buf_init(&pieces, 0);
	buf_init(&again, 0);
	fault = run(&opts, message, message.len + 1, &whole);
	/* which of several faults comes first may depend on the pieces */
	check((run(&opts, message, data[1] + 1u, &pieces) == MIME_FAULT_NONE) ==
	    (fault == MIME_FAULT_NONE));
	check(fault != MIME_FAULT_NONE ||
	    str_eq(buf_str(&whole), buf_str(&pieces)));
	check(fault == MIME_FAULT_NONE || !opts.lenient);
	if (fault == MIME_FAULT_NONE) {
		if (opts.to_seven && opts.ascii_header && !opts.lenient)
			check(utf8_is_ascii(buf_str(&whole)));
		if (opts.to_lines && !opts.lenient)
			check_lines(buf_str(&whole));
		check_parts(message, buf_str(&whole), opts.to_lines);
		check(run(&opts, buf_str(&whole), 4096, &again) ==
		    MIME_FAULT_NONE);
		check(str_eq(buf_str(&whole), buf_str(&again)));
	}
	buf_clear(&whole);
	buf_clear(&pieces);
	buf_clear(&again);
	return 0;
}
