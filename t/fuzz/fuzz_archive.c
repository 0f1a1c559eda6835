/*
 * Archives of others: an mbox is taken apart in pieces of a length that the
 * first byte gives and must come apart as in one piece, and what was read is
 * written and read again; then the same bytes as a Maildir's name, list of
 * keywords and file, and as a mailbox's file name.
 */
#include <stdint.h>

#include "base/log.h"
#include "verb/maildir.h"
#include "verb/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct archive_message *message)
{
	struct archive_message found;
	struct buf file, out;
	size_t scanned = 0, len;
	struct err err;

	buf_init(&file, 0);
	buf_init(&out, 0);
	mbox_put(&file, message);
	if (mbox_next(buf_str(&file), true, &scanned, &len) <= 0 ||
	    len != file.len ||
	    mbox_parse(&out, buf_str(&file), false, &found, &err) < 0 ||
	    !str_eq(found.bytes, message->bytes) ||
	    found.flags != message->flags ||
	    found.internal != message->internal)
		panic("a message does not come back");
	buf_clear(&file);
	buf_clear(&out);
}

static void
take_apart(struct str in, size_t piece, bool is_mboxo)
{
	size_t have = 0, scanned = 0, len;
	struct archive_message message;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	while (in.len > 0) {
		have = have + piece < in.len ? have + piece : in.len;
		if (mbox_next(str_sub(in, 0, have), have == in.len, &scanned,
			&len) <= 0)
			continue;
		if (len == 0 || len > have)
			panic("a message of %zu of %zu bytes", len, have);
		if (mbox_parse(&out, str_sub(in, 0, len), is_mboxo, &message,
			&err) == 0)
			again(&message);
		str_skip(&in, len);
		have -= len;
		scanned = 0;
	}
	buf_clear(&out);
}

static void
files(struct str in)
{
	struct str words[MAILDIR_LETTERS], line = in, bytes;
	struct maildir_name name;
	struct buf out;
	struct err err;

	buf_init(&out, 0);
	(void)str_split(&in, '\n', &line);
	maildir_parse_name(&name, line);
	maildir_parse_keywords(in, words);
	maildir_read(&out, &name, in, &bytes);
	buf_reset(&out);
	(void)archive_name(&out, line, &err);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data + 1, size - 1);

	if (size == 0)
		return 0;
	take_apart(in, 1 + data[0] / 2u, data[0] % 2 != 0);
	files(in);
	return 0;
}
