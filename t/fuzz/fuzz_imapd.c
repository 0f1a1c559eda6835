/*
 * What a session reads from a client and from messages. The first byte
 * chooses: "i" is a connection whose commands are gathered to its end; behind
 * "\t" are messages that refer to each other, to be put in threads, so that
 * each is there once and the parentheses close; with anything else a line is
 * what SEARCH looks for, and the rest a message in which it looks and from
 * which sections are fetched.
 */
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "imapd/fetch_body.h"
#include "imapd/input.h"
#include "imapd/search_text.h"
#include "imapd/session.h"
#include "imapd/thread_tree.h"

enum {
	COMMAND_SIZE = 300,
	INPUT_MAX = 4096, /* what a socket takes without a reader */
	MEMORY = 64 << 20,
	MESSAGES_MAX = 300, /* to be put in threads */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
gather(struct str said)
{
	struct imapd imapd = { .conf.command_size = COMMAND_SIZE };
	struct session session = { .imapd = &imapd };
	enum input_result result;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    write(pair[0], said.p, said.len) < 0 ||
	    shutdown(pair[0], SHUT_RDWR) < 0)
		panic("socket pair");
	session.stream = stream_new(pair[1], COMMAND_SIZE + 50);
	session.arena = arena_new(MEMORY);
	buf_init(&session.line, COMMAND_SIZE);
	do {
		result = input_read(&session);
		if (session.line.len > COMMAND_SIZE)
			panic("command too long");
		if (result == INPUT_COMMAND && input_drop_message(&session) < 0)
			break;
	} while (result != INPUT_END && !session.ending);
	stream_free(session.stream);
	arena_free(session.arena);
	buf_clear(&session.line);
	(void)close(pair[0]);
}

static void
fetch(struct arena *arena, struct str message)
{
	static const char *const items[] = { "BODY[]<3.9>", "BODY[HEADER]",
		"BODY[TEXT]<1.4294967295>", "BODY[HEADER.FIELDS (To From)]",
		"BODY[HEADER.FIELDS.NOT (To)]", "BODY[1]", "BODY[1.MIME]",
		"BODY[1.1.HEADER]", "BODY[2.TEXT]",
		"BODY[2.HEADER.FIELDS (x)]<4294967295.1>" };
	struct fetch_source source = { .prefix = STR("P: q\r\n"),
		.body = message,
		.arena = arena };

	for (size_t i = 0; i < NELEMS(items); i++) {
		struct str in = str_of(items[i]);
		struct fetch_bytes bytes;
		struct fetchatt_list list;
		struct err err;

		if (fetchatt_parse(arena, &in, &list, &err) < 0)
			panic("item does not parse");
		if (fetch_body(&source, &list.item[0], &bytes, &err) < 0)
			continue;
		if (list.item[0].partial &&
		    bytes.piece[0].len + bytes.piece[1].len >
			list.item[0].length)
			panic("more than was asked for");
		if (bytes.piece[0].len + bytes.piece[1].len >
		    source.prefix.len + message.len + 2)
			panic("more than there is");
	}
}

static void
search(struct arena *arena, struct str text, struct str message)
{
	struct search_needle *needle = search_needle_new(arena, text);
	struct search_room room;
	struct mime_part *root;
	struct err err;

	if (needle == NULL)
		return;
	search_room_init(&room);
	if (!search_utf8(&room, needle, text))
		panic("a text holds itself");
	(void)search_utf8(&room, needle, message);
	(void)search_header(&room, needle, message);
	(void)search_field(&room, needle, message, STR("subject"));
	if (mime_part_parse(&root, NULL, arena, message, &mime_default_limits,
		&err) == 0)
		(void)search_parts(&room, needle, root);
	search_room_clear(&room);
}

static void
check_threads(struct buf *out, size_t count)
{
	bool seen[MESSAGES_MAX + 1] = { false };
	size_t found = 0, depth = 0;
	uint64_t number = 0;

	for (size_t i = 0; i < out->len; i++) {
		char c = out->p[i];

		if (c >= '0' && c <= '9') {
			number = number * 10 + (uint64_t)(c - '0');
			continue;
		}
		if (number > 0) {
			if (number > count || seen[number])
				panic("a number that is not, or is twice");
			seen[number] = true;
			found++;
			number = 0;
		}
		depth += c == '(';
		if (c == ')' && depth-- == 0)
			panic("closed too often");
	}
	if (found != count || depth != 0)
		panic("something is missing");
}

/*
 * A message is three bytes: its id, what it refers to (and half of that), its
 * subject, whether it is a reply, and date.
 */
static void
thread(const uint8_t *data, size_t size)
{
	struct thread_message message[MESSAGES_MAX] = { 0 };
	uint64_t ref[2 * MESSAGES_MAX];
	size_t count = 0, refs = 0;
	struct buf out;

	for (; size >= 3 && count < MESSAGES_MAX; data += 3, size -= 3) {
		struct thread_message *one = &message[count++];

		one->number = (uint32_t)count;
		one->id = data[0];
		one->ref = refs;
		if (data[1] != 0) {
			ref[refs++] = data[1];
			ref[refs++] = data[1] / 2 + 1u;
		}
		one->refs = refs - one->ref;
		one->subject = data[2] % 8;
		one->is_reply = data[2] & 8;
		one->date = data[2] >> 4;
	}
	buf_init(&out, 0);
	thread_by_references(&out, message, count, ref);
	check_threads(&out, count);
	buf_reset(&out);
	thread_by_subject(&out, message, count);
	check_threads(&out, count);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size), line;
	struct arena *arena;

	if (str_take(&in, 'i')) {
		gather(str_sub(in, 0, INPUT_MAX));
		return 0;
	}
	if (str_take(&in, '\t')) {
		thread(data + 1, size - 1);
		return 0;
	}
	if (size == 0 || !str_split(&in, '\n', &line))
		return 0;
	arena = arena_new(MEMORY);
	search(arena, line, in);
	fetch(arena, in);
	arena_free(arena);
	return 0;
}
