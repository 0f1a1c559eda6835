/* complexity, the parsers of messages: lib/mime and the digest. */
#include "t/attack/complexity.h"
#include "mime/address.h"
#include "mime/cfws.h"
#include "mime/charset.h"
#include "mime/convert.h"
#include "mime/date.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/msgid.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/received.h"
#include "mime/subject.h"
#include "mime/word.h"
#include "store/digest.h"

/* clang-format off */
static const struct complexity_input headers[] = {
	{ "empty fields", NULL, "a:\r\n", NULL },
	{ "fields", NULL, "Name: some value\r\n", "\r\n" },
	{ "no colons", NULL, "abcdefgh\r\n", NULL },
	{ "one line", NULL, "abcdefgh ", NULL },
	{ "folded", "a:", "\r\n b", NULL },
	{ "blank lines that go on", "a:", "\r\n ", NULL },
	{ "bare CR", "a: ", "\r", NULL },
	{ "bare LF", NULL, "a:\n", NULL },
	{ "colons", NULL, ":", NULL },
	{ "colon lines", NULL, ":\r\n", NULL },
	{ "NULs after folds", "a:", "\r\n \t \t", NULL },
	{ "Received", NULL, "Received: a\r\n", NULL },
	{ "Delivered-To", NULL, "Delivered-To: a@b\r\n", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input addresses[] = {
	{ "addresses", NULL, "a@b,", NULL },
	{ "names", NULL, "Ada B <a@b.test>, ", NULL },
	{ "words", NULL, "w ", NULL },
	{ "comments in comments", NULL, "(", NULL },
	{ "comments, closed", "a@b", "(x)", NULL },
	{ "comments, escaped", "(", "\\(", NULL },
	{ "comment before each word", NULL, "(a) b ", "<a@b>" },
	{ "closing comments", NULL, ")", NULL },
	{ "groups in groups", NULL, "g:", NULL },
	{ "groups", NULL, "g:;", NULL },
	{ "group of many", "g:", "a@b,", ";" },
	{ "ends of groups", NULL, ";", NULL },
	{ "commas", NULL, ",", NULL },
	{ "angles", NULL, "<", NULL },
	{ "closed angles", NULL, "<>", NULL },
	{ "words before an angle that never closes", NULL, "w <", NULL },
	{ "routes", "<", "@a,", ":x@y>" },
	{ "routes, no colon", "<", "@a,", NULL },
	{ "quotes", NULL, "\"", NULL },
	{ "quoted words", NULL, "\"a\" ", NULL },
	{ "escapes", "\"", "\\\"", NULL },
	{ "literals", NULL, "a@[", NULL },
	{ "dots", "a", ".", "@b" },
	{ "ats", NULL, "@", NULL },
	{ "crackaddr", NULL, "<><>(", NULL },
	{ "8-bit bytes", NULL, "\xff", NULL },
	{ "folds", NULL, "\r\n ", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input params[] = {
	{ "sections", "a/b", "; n*#=x", NULL },
	{ "sections backwards", "a/b", "; n*^=x", NULL },
	{ "one section again", "a/b", "; n*1=x", NULL },
	{ "extended sections", "a/b", "; n*#*=%41", NULL },
	{ "names", "a/b", "; n#=x", NULL },
	{ "one name", "a/b", "; n=x", NULL },
	{ "semicolons", "a/b", ";", NULL },
	{ "equals", "a/b", ";=", NULL },
	{ "quotes", "a/b", ";n=\"", NULL },
	{ "escapes", "a/b;n=\"", "\\\\", NULL },
	{ "comments", "a/b", "(", NULL },
	{ "comments around", "a/b", ";(x)n(y)=(z)v", NULL },
	{ "one long value", "a/b;n=", "x", NULL },
	{ "blanks", "a/b;n", " ", "=x" },
	{ "percent signs", "a/b;n*=utf-8''", "%41", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input parts[] = {
	{ "empty parts",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n",
	    NULL },
	{ "parts",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
	    "--b\r\nA: b\r\n\r\nx\r\n", "--b--\r\n" },
	{ "multiparts in each other", NULL,
	    "Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n",
	    NULL },
	{ "one boundary for all", NULL,
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", NULL },
	{ "messages in messages", NULL,
	    "Content-Type: message/rfc822\r\n\r\n", NULL },
	{ "digests", NULL,
	    "Content-Type: multipart/digest; boundary=b#\r\n\r\n--b#\r\n"
	    "Content-Type: message/rfc822\r\n\r\n", NULL },
	{ "lines of dashes",
	    "Content-Type: multipart/mixed; boundary=------------b\r\n\r\n",
	    "--------------\r\n", NULL },
	{ "nearly the boundary",
	    "Content-Type: multipart/mixed; boundary=bbbbbbbbbbbbbbbbbbbbbbbbb"
	    "\r\n\r\n", "--bbbbbbbbbbbbbbbbbbbbbbbb\r\n", NULL },
	{ "an empty boundary",
	    "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n", "--\r\n",
	    NULL },
	{ "dashes in one line", "A: b\r\n\r\n", "--", NULL },
	{ "lines", "A: b\r\n\r\n", "x\r\n", NULL },
	{ "empty lines", "A: b\r\n\r\n", "\r\n", NULL },
	{ "header", NULL, "A: b\r\n", NULL },
	{ "Content-Type again", NULL, "Content-Type: a/b; c=d\r\n", NULL },
	{ "recipients", NULL, "To: a@b, c@d\r\n", NULL },
	{ "references", "References:", " <#@a>", "\r\n" },
	{ "languages", "Content-Language: en", ", en", "\r\n" },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input words[] = {
	{ "words", NULL, "=?utf-8?q?=41?= ", NULL },
	{ "base64 words", NULL, "=?utf-8?b?QUFB?= ", NULL },
	{ "charsets", NULL, "=?koi8-r?q?=c1?= =?big5?q?=a4=40?= ", NULL },
	{ "unknown charsets", NULL, "=?x#?q?a?= ", NULL },
	{ "beginnings", NULL, "=?", NULL },
	{ "half words", NULL, "=?utf-8?q?", NULL },
	{ "question marks", "=?", "?", NULL },
	{ "a word without end", "=?utf-8?q?", "=41", NULL },
	{ "split characters", NULL, "=?utf-8?q?=e2=82?= =?utf-8?q?=ac?= ",
	    NULL },
	{ "stateful charset", NULL, "=?iso-2022-jp?b?GyRCJCI=?= ", NULL },
	{ "8-bit bytes", NULL, "\xe4\xf6", NULL },
	{ "folds", NULL, "\r\n\t", NULL },
	{ "blanks", "=?utf-8?q?a?=", " ", "=?utf-8?q?b?=" },
	{ "Re:", NULL, "Re: ", "x" },
	{ "Re[9]:", NULL, "re[9]: ", "x" },
	{ "blobs", NULL, "[a]", NULL },
	{ "blobs before Re:", NULL, "[a] re: ", "x" },
	{ "open blobs", NULL, "[", NULL },
	{ "closing blobs", "[", "]", NULL },
	{ "(fwd)", "x", " (fwd)", NULL },
	{ "[fwd:", NULL, "[fwd: ", NULL },
	{ "[fwd: closed", "[fwd: x", "]", NULL },
	{ "Re: with blanks", "re", " ", ":" },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input ids[] = {
	{ "ids", NULL, "<#@a> ", NULL },
	{ "open", NULL, "<", NULL },
	{ "closing", NULL, ">", NULL },
	{ "quoted", "<\"", "\\\"", NULL },
	{ "open quotes", NULL, "<\"", NULL },
	{ "one id", "<", "a", "@b>" },
	{ "comments", NULL, "(<", NULL },
	{ "blanks in it", "<a@", " ", "b>" },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input dates[] = {
	{ "comments", "Sun, 1 Nov 2026 10:00:00 ", "(", NULL },
	{ "closed comments", NULL, "(x)", "Sun, 1 Nov 2026 10:00:00 +0000" },
	{ "digits", NULL, "1", NULL },
	{ "blanks", "Sun,", " ", "1 Nov 2026 10:00" },
	{ "words", NULL, "Sun, ", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input bodies[] = {
	{ "digits", NULL, "QUJD", NULL },
	{ "equals", NULL, "=", NULL },
	{ "blocks", NULL, "QQ==", NULL },
	{ "no digits", NULL, "\x80", NULL },
	{ "escapes", NULL, "=41", NULL },
	{ "soft ends", NULL, "=\r\n", NULL },
	{ "blanks", NULL, " ", NULL },
	{ "blanks before ends", NULL, "    \t   \r\n", NULL },
	{ "bare CR", NULL, "\r", NULL },
	{ "combining", NULL, "\xcc\x81", NULL },
	{ "long decompositions", NULL, "\xef\xb7\xba", NULL },
	{ "broken UTF-8", NULL, "\xe2\x82", NULL },
	{ NULL, NULL, NULL, NULL },
};
/* clang-format on */

static size_t
run_header(struct str in)
{
	struct str rest = in;
	struct mime_field field;
	size_t held = 0;

	while (mime_header_next(&rest, &field))
		held += field.value.len > (size_t)1 << 40;
	held += mime_header_size(in) + mime_received_count(in) +
	    mime_delivered_to(in, STR("x@y")) +
	    mime_header_find(in, "Subject", &field);
	complexity_sink += held;
	return 0;
}

static size_t
run_unfold(struct str in)
{
	struct arena *arena = arena_new(0);
	struct str out = mime_header_unfold(arena, in);
	size_t held = arena_used(arena) + out.len;

	arena_free(arena);
	return held;
}

static size_t
run_address(struct str in)
{
	struct mime_address_list list = { 0 };
	struct arena *arena = arena_new(0);
	size_t held;

	mime_address_parse(&list, arena, in, mime_default_limits.max_addresses);
	held = arena_used(arena);
	arena_free(arena);
	return held;
}

static size_t
run_param(struct str in)
{
	struct arena *arena = arena_new(0);
	struct mime_value value;
	struct buf text;
	size_t held;

	buf_init(&text, 0);
	(void)mime_content_type_parse(&value, arena, in,
	    mime_default_limits.max_params);
	for (const struct mime_param *p = value.params; p != NULL; p = p->next)
		(void)mime_param_text(&text, p);
	held = arena_used(arena) + text.len;
	buf_clear(&text);
	arena_free(arena);
	return held;
}

static size_t
run_part(struct str in)
{
	struct arena *arena = arena_new(0);
	struct mime_envelope envelope = { 0 };
	struct mime_part *root;
	struct err err;
	size_t held;

	(void)mime_part_parse(&root, &envelope, arena, in, &mime_default_limits,
	    &err);
	held = arena_used(arena);
	arena_free(arena);
	return held;
}

/* As smtp does it for a host that takes 7-bit lines only. */
static size_t
run_convert(struct str in)
{
	static const struct mime_convert_opts opts = {
		.to_seven = true,
		.to_lines = true,
		.lenient = true,
	};
	struct mime_convert *convert = mime_convert_new(&opts);
	struct buf out;

	buf_init(&out, 0);
	while (in.len > 0) {
		struct str piece = str_sub(in, 0, 65536);

		(void)mime_convert_put(convert, &out, piece);
		complexity_sink += out.len;
		buf_reset(&out);
		str_skip(&in, piece.len);
	}
	(void)mime_convert_end(convert, &out);
	mime_convert_free(convert);
	buf_clear(&out);
	return 0;
}

/* As lmtpd makes it, and a reader takes it apart. */
static size_t
run_digest(struct str in)
{
	struct arena *arena = arena_new(0);
	struct store_digest digest;
	struct buf out;
	struct err err;
	size_t held;

	buf_init(&out, 0);
	store_digest_build(&out, in, NULL);
	(void)store_digest_decode(&digest, arena, buf_str(&out), in, &err);
	held = arena_used(arena) + out.len;
	buf_clear(&out);
	arena_free(arena);
	return held;
}

static size_t
run_word(struct str in)
{
	struct buf out;
	size_t held;

	buf_init(&out, 0);
	(void)mime_word_decode(&out, in);
	held = out.len;
	buf_clear(&out);
	return held;
}

static size_t
run_subject(struct str in)
{
	struct str base;
	struct buf out;
	bool is_reply;
	size_t held;

	buf_init(&out, 0);
	(void)mime_subject_base(&out, in, &base, &is_reply);
	held = out.len;
	buf_clear(&out);
	return held;
}

static size_t
run_msgid(struct str in)
{
	struct arena *arena = arena_new(0);
	struct str id;
	size_t held;

	while (mime_msgid_next(&in, &id))
		complexity_sink += mime_msgid_normal(arena, id).len;
	held = arena_used(arena);
	arena_free(arena);
	return held;
}

static size_t
run_date(struct str in)
{
	struct mime_date date;
	struct err err;

	complexity_sink += (size_t)mime_date_parse(in, &date, &err);
	mime_cfws_skip(&in);
	complexity_sink += mime_comment_len(in);
	return 0;
}

static size_t
decode(struct str in, enum mime_encoding encoding)
{
	struct buf out;
	size_t held;

	buf_init(&out, 0);
	(void)mime_decode_all(&out, encoding, in);
	held = out.len;
	buf_clear(&out);
	return held;
}

static size_t
run_base64(struct str in)
{
	return decode(in, MIME_BASE64);
}

static size_t
run_quoted(struct str in)
{
	return decode(in, MIME_QUOTED_PRINTABLE);
}

static size_t
run_fold(struct str in)
{
	struct buf out;
	size_t held;

	buf_init(&out, 0);
	(void)mime_casefold(&out, in);
	(void)mime_charset_to_utf8(&out, STR("gb18030"), in);
	held = out.len;
	buf_clear(&out);
	return held;
}

const struct complexity_row complexity_mime[] = {
	{ "header fields", run_header, 0, headers, LINEAR },
	{ "unfolding", run_unfold, 0, headers, LINEAR },
	{ "addresses", run_address, 0, addresses, LINEAR },
	{ "parameters", run_param, 0, params, LINEAR },
	{ "MIME structure", run_part, 0, parts, LINEAR },
	{ "MIME structure of headers", run_part, 0, headers, LINEAR },
	{ "conversion", run_convert, 0, parts, LINEAR },
	{ "conversion of headers", run_convert, 0, headers, LINEAR },
	{ "digest", run_digest, 0, parts, LINEAR },
	{ "encoded words", run_word, 0, words, LINEAR },
	{ "base subject", run_subject, 0, words, LINEAR },
	{ "message ids", run_msgid, 0, ids, LINEAR },
	{ "dates", run_date, 0, dates, LINEAR },
	{ "base64", run_base64, 0, bodies, LINEAR },
	{ "quoted-printable", run_quoted, 0, bodies, LINEAR },
	{ "charsets", run_fold, 0, bodies, LINEAR },
	{ NULL, NULL, 0, NULL, LINEAR },
};
