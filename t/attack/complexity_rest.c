/* complexity, SMTP, DNS, tables, configuration, what stands between us. */
#include "t/attack/complexity.h"
#include "auth/scram.h"
#include "base/arena.h"
#include "conf/expand.h"
#include "conf/main_cf.h"
#include "conf/master_cf.h"
#include "dict/dict.h"
#include "dict/escape.h"
#include "dnsd/name.h"
#include "dnsd/packet.h"
#include "dnsd/servers.h"
#include "net/line.h"
#include "net/proxyhdr.h"
#include "smtpd/clamd_reply.h"
#include "smtpd/spamd_reply.h"
#include "smtpd/xclient_attr.h"
#include "smtpproto/dotstuff.h"
#include "smtpproto/ehlo.h"
#include "smtpproto/param.h"
#include "smtpproto/path.h"
#include "smtpproto/reply.h"
#include "store/keys.h"
#include "verb/maildir.h"
#include "verb/mbox.h"

enum {
	LINE = 2048, /* of an SMTP client */
	PACKET = 65535,
	TABLE = 16 << 10,
	CONFIGURATION = 256 << 10, /* past the most services there can be */
};

/* clang-format off */
static const struct complexity_input paths[] = {
	{ "dots", "<a", ".a", "@b.test>" },
	{ "escapes", "<\"", "\\a", "\"@b.test>" },
	{ "labels", "<a@b", ".b", ">" },
	{ "routes", "<@a", ",@a", ":x@y.test>" },
	{ "brackets", NULL, "<", NULL },
	{ "a literal", "<a@[", "1.", "]>" },
	{ "IPv6", "<a@[IPv6:", "1:", "]>" },
	{ "UTF-8", "<\xc3\xa4", "\xc3\xa4", "@b.test>" },
	{ "a UTF-8 domain", "<a@", "\xc3\xa4.", "test>" },
	{ "parameters", " ", "A=B ", NULL },
	{ "SIZE", " SIZE=", "0", NULL },
	{ "xtext", " ENVID=", "+2B", NULL },
	{ "NOTIFY", " NOTIFY=DELAY", ",DELAY", NULL },
	{ "ORCPT", " ORCPT=utf-8;", "\\x{E4}", NULL },
	{ "SCRAM names", "n,,n=", "=2C", ",r=x" },
	{ "XCLIENT", "NAME=", "+41", NULL },
	{ "XCLIENT attributes", NULL, "NAME=a ", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input replies[] = {
	{ "lines", NULL, "250-SIZE 1\r\n", "250 ok\r\n" },
	{ "AUTH", NULL, "250-AUTH A# B#\r\n", "250 ok\r\n" },
	{ "one line", "250 ", "a", "\r\n" },
	{ "short lines", NULL, "250\n", NULL },
	{ "codes", NULL, "250-", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input data[] = {
	{ "dots", NULL, ".", NULL },
	{ "dot lines", NULL, "..\r\n", NULL },
	{ "line ends", NULL, "\r\n", NULL },
	{ "bare CR", NULL, "\r", NULL },
	{ "text", NULL, "abcdefgh", "\r\n.\r\n" },
	{ "ends", NULL, "\r\n.\r\n", NULL },
	{ "From lines", NULL, "From a\n\n", NULL },
	{ "From lines in one message", "From a Sun Nov  1 10:00:00 2026\n\n",
	    ">From x\n", NULL },
	{ "Content-Length", NULL, "Content-Length: 1\nX-Keywords: a b\n", NULL },
	{ "PROXY", "PROXY TCP4 ", "1", "\r\n" },
	{ NULL, NULL, NULL, NULL },
};
/*
 * An answer to one question for "a.de". "~" stands for NUL, which no C string
 * holds, and two bytes FD for a pointer to where the last two stood, so that
 * pointers lead to pointers.
 */
#define DNS_HEAD                                                               \
	"\x01\x02\x81\x80~\x01~~~~~~\x01"                                     \
	"a\x02"                                                                \
	"de~~\x01~\x01"
#define RECORD(type, data) "\xfd\xfd~" type "~\x01~~~\x3c~" data
static const struct complexity_input packets[] = {
	{ "addresses", DNS_HEAD, RECORD("\x01", "\x04" "abcd"), NULL },
	{ "aliases", DNS_HEAD, RECORD("\x05", "\x02\xc0\x0c"), NULL },
	{ "hosts", DNS_HEAD, RECORD("\x0f", "\x04~\x01\xc0\x0c"), NULL },
	{ "texts", DNS_HEAD, RECORD("\x10", "\x06\x01" "a\x01" "b\x01" "c"),
	    NULL },
	{ "empty texts", DNS_HEAD, RECORD("\x10", "\x08~~~~~~~~"), NULL },
	{ "long names", DNS_HEAD "?", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaa?", NULL },
	{ "pointers", DNS_HEAD, "\xfd\xfd", NULL },
	{ "labels", DNS_HEAD, "\x01" "a", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input dns_names[] = {
	{ "labels", NULL, "a.", "de" },
	{ "dots", NULL, ".", NULL },
	{ "escapes", NULL, "\\065", NULL },
	{ "UTF-8", NULL, "\xc3\xa4", ".de" },
	{ "servers", NULL, "192.0.2.1, ", NULL },
	{ "anchors", NULL, ". DS 1 2 3 (\n ab )\n", NULL },
	{ "resolv.conf", NULL, "nameserver 192.0.2.1\n", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input keys[] = {
	{ "one letter", NULL, "a", NULL },
	{ "letter and end", NULL, "a", "!" },
	{ "dots", NULL, "a.", NULL },
	{ "blanks", NULL, " ", "x" },
	{ "stars for a filter", NULL, "*)(", NULL },
	{ "NULs for a filter", NULL, "\x01\\", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input tables[] = {
	{ "keys", NULL, "k#@x.test value\n", NULL },
	{ "one key", NULL, "k value\n", NULL },
	{ "continued", "k", "\n v", "\n" },
	{ "comments", NULL, "# x\n", NULL },
	{ "empty lines", NULL, "\n", NULL },
	{ "patterns", NULL, "/a#b/ OK\n", NULL },
	{ "blocks", NULL, "if /a/\n", NULL },
	{ "networks", NULL, "192.0.2.0/24 OK\n", NULL },
	{ "groups", NULL, "/(a)(b)/ $1$2$1$2\n", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input configurations[] = {
	{ "names", NULL, "n# = v\n", NULL },
	{ "one name", NULL, "n = v\n", NULL },
	{ "continued", "n = a", "\n b", "\n" },
	{ "names in a value", "n = v\nm =", " $n", "\n" },
	{ "names of nothing", "n =\nm =", "$n", "\n" },
	{ "chains of names", "m = $n1\n", "n# = $n1\n", NULL },
	{ "braces", "m = ", "${n?{a", "\n" },
	{ "closed braces", "m = ", "${n?{a}:{b}}", "\n" },
	{ "open braces", "m = ", "${", "\n" },
	{ "dollars", "m = ", "$$", "\n" },
	{ "services", NULL, "s# unix - - - - - x\n", NULL },
	{ "options", "s unix - - - - - x", " -o a=b", "\n" },
	{ "blanks", NULL, " ", "\n" },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input scanners[] = {
	{ "tests", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1.0 / 5.0\r\n\r\n",
	    "A_TEST,", NULL },
	{ "fields", "SPAMD/1.1 0 EX_OK\r\n", "X: y\r\n", NULL },
	{ "digits", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; ", "1", " / 5" },
	{ "a virus", "stream: ", "x", " FOUND" },
	{ "colons", "stream", ": ", "FOUND" },
	{ NULL, NULL, NULL, NULL },
};
/* clang-format on */

static size_t
run_path(struct str in)
{
	struct arena *arena = arena_new(0);
	struct smtp_mail_params mail;
	struct smtp_rcpt_params rcpt;
	struct scram_first first;
	struct xclient xclient;
	struct smtp_path path;
	struct str rest = in;
	struct buf out;
	struct err err;
	size_t held;

	buf_init(&out, 0);
	complexity_sink +=
	    (size_t)smtp_path_parse(&path, &rest, 0, arena, &err);
	rest = in;
	complexity_sink +=
	    (size_t)smtp_mail_params_parse(&mail, &rest, ~0u, &err);
	rest = in;
	complexity_sink +=
	    (size_t)smtp_rcpt_params_parse(&rcpt, &rest, ~0u, &err);
	complexity_sink += (size_t)smtp_xtext_decode(&out, in, &err);
	complexity_sink += (size_t)smtp_orcpt_decode(&out, in, &err);
	complexity_sink += (size_t)xclient_parse(&xclient, in, arena, &err);
	if (scram_parse_first(&first, in, &err) == 0)
		buf_clear(&first.user);
	held = arena_used(arena) + out.len;
	buf_clear(&out);
	arena_free(arena);
	return held;
}

/* Byte by byte, as a slow host sends it. */
static size_t
run_reply(struct str in)
{
	struct smtp_reply reply;
	struct smtp_ehlo ehlo;
	struct err err;
	size_t held;
	int done = 0;

	smtp_reply_init(&reply);
	for (size_t i = 0; i < in.len && done >= 0; i++) {
		struct str one = str_sub(in, i, i + 1);

		done = smtp_reply_feed(&reply, &one, &err);
	}
	smtp_ehlo_parse(&ehlo, in, STR("SIZE, DSN"));
	held = reply.text.len + ehlo.size % 2;
	smtp_reply_clear(&reply);
	return held;
}

static size_t
run_data(struct str in)
{
	struct archive_message message;
	struct dot_reader reader;
	struct proxyhdr header;
	struct str rest = in, run;
	struct buf out;
	struct err err;
	size_t held, scanned = 0, len;

	dot_reader_init(&reader);
	while (dot_read(&reader, &rest, &run) == DOT_RUN)
		complexity_sink += run.len;
	for (rest = in; rest.len > 0 && line_skip(&rest);)
		complexity_sink += line_take(&rest, LINE, &run);
	rest = in;
	complexity_sink += proxyhdr_take(&header, &rest, &err);
	buf_init(&out, 0);
	for (rest = in; mbox_next(rest, true, &scanned, &len) > 0 && len > 0;
	     scanned = 0) {
		buf_reset(&out);
		complexity_sink += (size_t)mbox_parse(&out,
		    str_sub(rest, 0, len), true, &message, &err);
		str_skip(&rest, len);
	}
	held = out.len;
	buf_clear(&out);
	return held;
}

/* What "~" and FD FD stand for; how many of the latter there are. */
static unsigned
make_packet(char *bytes, size_t len)
{
	unsigned last = 12, count = 0;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '~')
			bytes[i] = '\0';
		if (i + 1 == len || bytes[i] != '\xfd' ||
		    bytes[i + 1] != '\xfd')
			continue;
		bytes[i] = (char)(0xc0 | last >> 8);
		bytes[i + 1] = (char)(last & 255);
		if (i < 0x4000)
			last = (unsigned)i;
		count++;
		i++;
	}
	return count;
}

static size_t
run_packet(struct str in)
{
	static const uint16_t types[] = { DNS_A, DNS_MX, DNS_TXT };
	struct arena *arena = arena_new(0);
	char *bytes = arena_cstr(arena, in);
	unsigned count = make_packet(bytes, in.len);
	struct dns_answer answer;
	struct err err;
	size_t held;

	bytes[6] = (char)(count >> 8 & 255);
	bytes[7] = (char)(count & 255);
	for (size_t i = 0; i < 3; i++)
		complexity_sink +=
		    (size_t)packet_read(&answer, str_make(bytes, in.len),
			STR("a.de"), types[i], arena, &err);
	held = arena_used(arena);
	arena_free(arena);
	return held;
}

static size_t
run_dns_name(struct str in)
{
	char out[DNS_NAME_MAX + 1];
	struct servers servers;
	struct str record;
	struct err err;

	complexity_sink += name_make(out, in);
	complexity_sink += (size_t)servers_parse(&servers, in, &err);
	servers_parse_resolv(&servers, in);
	while (servers_next_anchor(&in, &record))
		complexity_sink += record.len;
	return 0;
}

/* Patterns that backtrack without end where nothing stops them. */
static size_t
run_key(struct str in)
{
	static const char *const types[] = { "pcre", "regexp" };
	struct buf out;
	size_t held;

	buf_init(&out, 0);
	for (size_t i = 0; i < 2; i++) {
		struct err err;
		struct dict *dict = dict_parse(types[i],
		    STR("/(a+)+$/ OK\n/(a|a)*b/ OK\n/^(([a-z])+.)+[A-Z]/ OK\n"
			"/(.*)*x/ OK\n"),
		    &err);

		if (dict != NULL)
			complexity_sink +=
			    (size_t)dict_lookup(dict, in, &out, &err);
		dict_close(dict);
	}
	(void)escape_filter(&out, in);
	(void)escape_dn(&out, in);
	held = out.len;
	buf_clear(&out);
	return held;
}

static size_t
run_table(struct str in)
{
	static const char *const types[] = { "texthash", "pcre", "regexp",
		"cidr" };
	struct maildir_name name;
	struct buf out;

	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct err err;
		struct dict *dict = dict_parse(types[i], in, &err);

		if (dict != NULL)
			complexity_sink += (size_t)dict_lookup(dict,
			    STR("nobody@y.test"), &out, &err);
		dict_close(dict);
	}
	maildir_parse_name(&name, in);
	buf_clear(&out);
	return 0;
}

static size_t
run_configuration(struct str in)
{
	struct problems problems = { 0 };
	struct main_cf *cf = main_cf_new();
	struct master_cf master = { 0 };
	struct err err;

	main_cf_parse(cf, "main.cf", in, &problems);
	complexity_sink += main_cf_get(cf, "m", &err) != NULL;
	complexity_sink += main_cf_is_used(cf, "zz");
	main_cf_free(cf);
	master_cf_parse(&master, "master.cf", in, &problems);
	master_cf_clear(&master);
	problems_clear(&problems);
	return 0;
}

static size_t
run_scanner(struct str in)
{
	enum clamd_verdict verdict;
	struct spamd_reply reply;
	struct store_keys store;
	struct str name;
	struct err err;

	complexity_sink += (size_t)spamd_reply_parse(&reply, in, &err);
	complexity_sink += (size_t)clamd_reply_parse(in, &verdict, &name, &err);
	complexity_sink += store_keys_decode(&store, in, STORE_KEYS_ALL);
	return 0;
}

const struct complexity_row complexity_rest[] = {
	{ "paths and parameters", run_path, LINE, paths, LINEAR },
	{ "replies", run_reply, SMTP_REPLY_LINE * 100, replies, LINEAR },
	{ "DATA and mbox", run_data, 0, data, LINEAR },
	{ "DNS answers", run_packet, PACKET, packets, LINEAR },
	{ "DNS names", run_dns_name, PACKET, dns_names, LINEAR },
	{ "lookup keys", run_key, LINE, keys, BOUNDED },
	{ "lookup tables", run_table, TABLE, tables, LINEAR },
	{ "configuration", run_configuration, CONFIGURATION, configurations,
	    LINEAR },
	{ "verdicts", run_scanner, SPAMD_REPLY_MAX, scanners, LINEAR },
	{ NULL, NULL, 0, NULL, LINEAR },
};
