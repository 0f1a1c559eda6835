#include "pop3d/command.h"

#include <inttypes.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/num.h"
#include "net/pop_lang.h"
#include "pop3d/content.h"
#include "smtpproto/dotstuff.h"

enum { CHUNK = 65536 };

void
command_refuse(struct command_session *session, const char *text)
{
	session->errors++;
	stream_putf(session->stream, "-ERR %s\r\n", text);
}

/* What a command's words came to. */
struct words {
	struct maildrop_item *item; /* of a message number; NULL: none given */
	uint64_t n;                 /* that number */
	uint64_t lines;             /* TOP's */
	struct str range;           /* LANG's */
};

typedef enum command_next command_fn(struct command_session *session,
    const struct words *words);

static enum command_next
do_stat(struct command_session *session, const struct words *words)
{
	uint64_t octets;
	size_t count;

	(void)words;
	content_measure(session->drop);
	count = maildrop_stat(session->drop, &octets);
	stream_putf(session->stream, "+OK %zu %" PRIu64 "\r\n", count, octets);
	return COMMAND_GO_ON;
}

/* RFC 6856 section 5 */
static void
refuse_wide(struct command_session *session)
{
	stream_putz(session->stream,
	    "-ERR [UTF8] Message can be sent in UTF-8 mode alone\r\n");
}

static enum command_next
do_list(struct command_session *session, const struct words *words)
{
	struct maildrop *drop = session->drop;
	uint64_t octets;
	size_t count;

	content_measure(drop);
	if (words->item != NULL && words->item->refused) {
		refuse_wide(session);
		return COMMAND_GO_ON;
	}
	if (words->item != NULL) {
		stream_putf(session->stream, "+OK %" PRIu64 " %u\r\n", words->n,
		    words->item->size);
		return COMMAND_GO_ON;
	}
	count = maildrop_stat(drop, &octets);
	stream_putf(session->stream,
	    "+OK %zu messages (%" PRIu64 " octets)\r\n", count, octets);
	for (size_t i = 0; i < drop->count; i++)
		if (!drop->item[i].deleted)
			stream_putf(session->stream, "%zu %u\r\n", i + 1,
			    drop->item[i].size);
	stream_putz(session->stream, ".\r\n");
	return COMMAND_GO_ON;
}

/* unique-id: 1 to 70 of 0x21 to 0x7E, never given to another message. */
static void
put_uidl(struct command_session *session, size_t n, const char *before)
{
	const struct maildrop *drop = session->drop;

	stream_putf(session->stream, "%s%zu %u.%u\r\n", before, n,
	    drop->uidvalidity, drop->item[n - 1].uid);
}

static enum command_next
do_uidl(struct command_session *session, const struct words *words)
{
	struct maildrop *drop = session->drop;

	if (words->item != NULL) {
		put_uidl(session, words->n, "+OK ");
		return COMMAND_GO_ON;
	}
	stream_putz(session->stream, "+OK Unique ids follow\r\n");
	for (size_t i = 0; i < drop->count; i++)
		if (!drop->item[i].deleted)
			put_uidl(session, i + 1, "");
	stream_putz(session->stream, ".\r\n");
	return COMMAND_GO_ON;
}

/* Bytes of a message, with dots stuffed, in pieces that bound our memory. */
static void
put_stuffed(struct stream *stream, struct dot_writer *writer, struct str bytes)
{
	struct buf chunk;

	buf_init(&chunk, 0);
	while (bytes.len > 0 && stream_state(stream) == STREAM_OK) {
		struct str part = str_sub(bytes, 0, CHUNK);

		buf_reset(&chunk);
		(void)dot_write(writer, &chunk, part);
		stream_put(stream, buf_str(&chunk));
		str_skip(&bytes, part.len);
	}
	buf_clear(&chunk);
}

static void
put_end(struct stream *stream, struct dot_writer *writer)
{
	struct buf end;

	buf_init(&end, 0);
	(void)dot_write_end(writer, &end);
	stream_put(stream, buf_str(&end));
	buf_clear(&end);
}

/* The message behind item, or -ERR is said and -1 returned. */
static int
open_content(struct command_session *session, struct maildrop_item *item,
    struct content *content)
{
	struct err err;

	if (content_open(content, session->drop, item, &err) == 0)
		return 0;
	if (err.kind == ERR_NOENT) {
		stream_putz(session->stream,
		    "-ERR Message was removed meanwhile\r\n");
		return -1;
	}
	if (err.kind == ERR_LIMIT) {
		refuse_wide(session);
		return -1;
	}
	log_error("read message %u: %s", item->uid, err.text);
	stream_putz(session->stream,
	    err.kind == ERR_TEMP ? "-ERR [SYS/TEMP] Cannot read message\r\n" :
				   "-ERR [SYS/PERM] Message is damaged\r\n");
	return -1;
}

static enum command_next
do_retr(struct command_session *session, const struct words *words)
{
	struct dot_writer writer;
	struct content content;

	if (open_content(session, words->item, &content) < 0)
		return COMMAND_GO_ON;
	stream_putf(session->stream, "+OK %u octets\r\n", words->item->size);
	dot_writer_init(&writer);
	for (size_t i = 0; i < content.count; i++)
		put_stuffed(session->stream, &writer, content.piece[i]);
	put_end(session->stream, &writer);
	content_close(&content);
	words->item->read = true;
	session->retrieved++;
	session->octets += words->item->size;
	return COMMAND_GO_ON;
}

/* The bytes up to and with the lines-th LF; *lines: how many are left. */
static struct str
first_lines(struct str text, uint64_t *lines)
{
	struct str rest = text, line;

	for (; *lines > 0 && rest.len > 0; --*lines)
		if (!str_split(&rest, '\n', &line) || rest.p == NULL)
			return text;
	return str_sub(text, 0, text.len - rest.len);
}

/* TOP msg n: header, empty line, n lines of the body. */
static enum command_next
do_top(struct command_session *session, const struct words *words)
{
	uint64_t lines = words->lines, header;
	struct dot_writer writer;
	struct content content;

	if (open_content(session, words->item, &content) < 0)
		return COMMAND_GO_ON;
	stream_putz(session->stream, "+OK Top follows\r\n");
	dot_writer_init(&writer);
	header = content.header;
	for (size_t i = 0; i < content.count; i++) {
		struct str piece = content.piece[i];
		struct str head = str_sub(piece, 0, header);

		header -= head.len;
		str_skip(&piece, head.len);
		put_stuffed(session->stream, &writer, head);
		put_stuffed(session->stream, &writer,
		    first_lines(piece, &lines));
	}
	put_end(session->stream, &writer);
	content_close(&content);
	return COMMAND_GO_ON;
}

static enum command_next
do_dele(struct command_session *session, const struct words *words)
{
	words->item->deleted = true;
	stream_putf(session->stream, "+OK Message %" PRIu64 " deleted\r\n",
	    words->n);
	return COMMAND_GO_ON;
}

static enum command_next
do_noop(struct command_session *session, const struct words *words)
{
	(void)words;
	stream_putz(session->stream, "+OK\r\n");
	return COMMAND_GO_ON;
}

static enum command_next
do_rset(struct command_session *session, const struct words *words)
{
	uint64_t octets;
	size_t count;

	(void)words;
	maildrop_reset(session->drop);
	content_measure(session->drop);
	count = maildrop_stat(session->drop, &octets);
	stream_putf(session->stream,
	    "+OK Maildrop has %zu messages (%" PRIu64 " octets)\r\n", count,
	    octets);
	return COMMAND_GO_ON;
}

/* What front announced before login, less what is over now. */
static enum command_next
do_capa(struct command_session *session, const struct words *words)
{
	(void)words;
	stream_putz(session->stream,
	    "+OK Capabilities follow\r\nTOP\r\nUIDL\r\nRESP-CODES\r\n"
	    "AUTH-RESP-CODE\r\nPIPELINING\r\n");
	if (session->conf->login_delay > 0)
		stream_putf(session->stream, "LOGIN-DELAY %d\r\n",
		    session->conf->login_delay);
	if (session->conf->expire != NULL)
		stream_putf(session->stream, "EXPIRE %s\r\n",
		    session->conf->expire);
	stream_putz(session->stream,
	    "UTF8\r\nLANG\r\nIMPLEMENTATION Chancery\r\n.\r\n");
	return COMMAND_GO_ON;
}

static enum command_next
do_lang(struct command_session *session, const struct words *words)
{
	struct buf out;

	buf_init(&out, 0);
	if (!pop_lang_answer(&out, words->range))
		session->errors++;
	stream_put(session->stream, buf_str(&out));
	buf_clear(&out);
	return COMMAND_GO_ON;
}

/* RFC 6856 section 2: a command of the AUTHORIZATION state alone. */
static enum command_next
do_utf8(struct command_session *session, const struct words *words)
{
	(void)words;
	command_refuse(session, "UTF8 comes before login");
	return COMMAND_GO_ON;
}

/* UPDATE: only here anything is removed. */
static enum command_next
do_quit(struct command_session *session, const struct words *words)
{
	struct maildrop *drop = session->drop;
	uint64_t octets;
	struct err err;
	int ret;

	(void)words;
	ret = maildrop_update(drop, session->conf->mark_seen, &err);
	if (session->front != NULL)
		session->front->leave(session->front->ctx);
	if (ret == 0) {
		session->deleted = drop->count - maildrop_stat(drop, &octets);
		stream_putz(session->stream, "+OK Bye\r\n");
	} else {
		log_error("update: %s", err.text);
		stream_putz(session->stream,
		    "-ERR [SYS/TEMP] Some deleted messages not removed\r\n");
	}
	return COMMAND_QUIT;
}

enum words_wanted {
	WORDS_NONE,
	WORDS_RANGE,
	WORDS_MAYBE_MSG,
	WORDS_MSG,
	WORDS_MSG_LINES
};

static const struct {
	const char *name;
	command_fn *fn;
	enum words_wanted wanted;
} commands[] = {
	{ "CAPA", do_capa, WORDS_NONE },
	{ "DELE", do_dele, WORDS_MSG },
	{ "LANG", do_lang, WORDS_RANGE },
	{ "LIST", do_list, WORDS_MAYBE_MSG },
	{ "NOOP", do_noop, WORDS_NONE },
	{ "QUIT", do_quit, WORDS_NONE },
	{ "RETR", do_retr, WORDS_MSG },
	{ "RSET", do_rset, WORDS_NONE },
	{ "STAT", do_stat, WORDS_NONE },
	{ "TOP", do_top, WORDS_MSG_LINES },
	{ "UIDL", do_uidl, WORDS_MAYBE_MSG },
	{ "UTF8", do_utf8, WORDS_NONE },
};

/*
 * SP msg [SP n], as the command wants them. NULL when they are there, else
 * what to say.
 */
static const char *
take_words(struct command_session *session, enum words_wanted wanted,
    struct str *in, struct words *words)
{
	*words = (struct words){ 0 };
	if (in->len == 0 && wanted <= WORDS_MAYBE_MSG)
		return NULL;
	if (wanted == WORDS_NONE)
		return "No argument is expected";
	if (wanted == WORDS_RANGE) {
		words->range = *in;
		return str_take(&words->range, ' ') ? NULL : "Unknown command";
	}
	if (!str_take(in, ' ') || !num_take(in, UINT32_MAX, &words->n))
		return "A message number is expected";
	if (wanted == WORDS_MSG_LINES &&
	    (!str_take(in, ' ') || !num_take(in, UINT32_MAX, &words->lines)))
		return "A number of lines is expected";
	if (in->len > 0)
		return "Too many arguments";
	words->item = maildrop_get(session->drop, words->n);
	return words->item == NULL ? "No such message" : NULL;
}

enum command_next
command_run(struct command_session *session, struct str line)
{
	const char *trouble;
	struct words words;
	size_t len = 0;

	while (
	    len < line.len && (is_alpha(line.p[len]) || is_digit(line.p[len])))
		len++;
	for (size_t i = 0; i < NELEMS(commands); i++) {
		if (!str_ieqz(str_sub(line, 0, len), commands[i].name))
			continue;
		str_skip(&line, len);
		trouble =
		    take_words(session, commands[i].wanted, &line, &words);
		if (trouble == NULL)
			return commands[i].fn(session, &words);
		command_refuse(session, trouble);
		return COMMAND_GO_ON;
	}
	command_refuse(session, "Unknown command");
	return COMMAND_GO_ON;
}
