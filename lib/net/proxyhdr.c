#include "net/proxyhdr.h"

#include <string.h>

#include "base/attr.h"
#include "net/line.h"

/* Section 2.2; family and transport are the high and the low half. */
enum {
	HEAD = 16, /* signature, version and command, family, length */
	VERSION_2 = 2,
	COMMAND_LOCAL = 0,
	COMMAND_PROXY = 1,
	STREAM = 1,
	FAMILIES = 4,   /* UNSPEC, INET, INET6, UNIX */
	TRANSPORTS = 3, /* UNSPEC, STREAM, DGRAM */
};

static const struct str signature = STR("\r\n\r\n\0\r\nQUIT\n");

static enum proxyhdr_result
bad(struct err *err, const char *what)
{
	(void)err_set(err, ERR_SYNTAX, "PROXY header: %s", what);
	return PROXYHDR_BAD;
}

/* Exactly one SP ends each word but the last. */
static bool
take_word(struct str *line, struct str *word)
{
	ptrdiff_t at = str_chr(*line, ' ');

	if (at <= 0)
		return false;
	*word = str_sub(*line, 0, (size_t)at);
	str_skip(line, (size_t)at + 1);
	return true;
}

/*
 * An address of the family announced. HAProxy writes an IPv4 client of an
 * IPv6 listener as ::ffff:192.0.2.1 under TCP6, so what counts is the form
 * as written: with colons or without.
 */
static bool
parse_ip(struct addr *addr, struct str text, enum addr_family family)
{
	struct err ignored;

	if ((str_chr(text, ':') >= 0) != (family == ADDR_IPV6))
		return false;
	return addr_parse_ip(addr, text, &ignored) == 0;
}

/* src SP dst SP src-port SP dst-port */
static enum proxyhdr_result
parse_ends(struct proxyhdr *hdr, struct str line, enum addr_family family,
    struct err *err)
{
	struct str from, to, port;

	if (!take_word(&line, &from) || !take_word(&line, &to) ||
	    !take_word(&line, &port))
		return bad(err, "words are missing");
	if (!parse_ip(&hdr->from, from, family) ||
	    !parse_ip(&hdr->to, to, family))
		return bad(err, "not an address of the family named");
	if (!addr_parse_port(port, &hdr->from.port) ||
	    !addr_parse_port(line, &hdr->to.port))
		return bad(err, "not a port number");
	hdr->known = true;
	return PROXYHDR_OK;
}

static enum proxyhdr_result
parse_line(struct proxyhdr *hdr, struct str line, struct err *err)
{
	*hdr = (struct proxyhdr){ 0 };
	if (str_take_str(&line, STR("TCP4 ")))
		return parse_ends(hdr, line, ADDR_IPV4, err);
	if (str_take_str(&line, STR("TCP6 ")))
		return parse_ends(hdr, line, ADDR_IPV6, err);
	/* "The receiver must ignore anything presented before the CRLF." */
	if (str_eqz(line, "UNKNOWN") || str_starts(line, STR("UNKNOWN ")))
		return PROXYHDR_OK;
	return bad(err, "neither TCP4, TCP6 nor UNKNOWN");
}

static enum proxyhdr_result
take_line(struct proxyhdr *hdr, struct str *in, struct err *err)
{
	const struct str start = STR("PROXY ");
	struct str line;

	switch (line_take(in, PROXYHDR_LINE_MAX - 2, &line)) {
	case LINE_OK:
		break;
	case LINE_MORE:
		return PROXYHDR_MORE;
	case LINE_LONG:
		return bad(err, "too long");
	default:
		return bad(err, "CR or LF alone");
	}
	str_skip(&line, start.len);
	return parse_line(hdr, line, err);
}

static unsigned
take_u16(const char *p)
{
	const unsigned char *bytes = (const unsigned char *)p;

	return (unsigned)bytes[0] << 8 | bytes[1];
}

/* One end's address, size bytes, and its port, as they stand in the block. */
static void
set_end(struct addr *addr, enum addr_family family, const char *ip, size_t size,
    const char *port)
{
	struct addr plain = { .family = family };
	struct sockaddr_storage ss;
	socklen_t len;

	memcpy(plain.ip, ip, size);
	plain.port = (uint16_t)take_u16(port);
	/* ::ffff:192.0.2.1 is to be the same client as 192.0.2.1 */
	len = addr_to_sockaddr(&ss, &plain);
	addr_from_sockaddr(addr, (struct sockaddr *)&ss, len);
}

/* The address block: source, destination, source port, destination port. */
static void
set_ends(struct proxyhdr *hdr, enum addr_family family, const char *block)
{
	size_t size = family == ADDR_IPV4 ? 4 : 16;
	const char *ports = block + 2 * size;

	set_end(&hdr->from, family, block, size, ports);
	set_end(&hdr->to, family, block + size, size, ports + 2);
	hdr->known = true;
}

/* The signature is there, or as much of it as has come. */
static enum proxyhdr_result
take_binary(struct proxyhdr *hdr, struct str *in, struct err *err)
{
	static const size_t blocks[FAMILIES] = { 0, 12, 36, 216 };
	static const enum addr_family families[FAMILIES] = { ADDR_NONE,
		ADDR_IPV4, ADDR_IPV6, ADDR_NONE };
	unsigned command, family, transport;
	size_t len, block;

	/* Each of these bytes is refused as soon as it is there. */
	if (in->len > 12 && (unsigned char)in->p[12] >> 4 != VERSION_2)
		return bad(err, "neither version 1 nor 2");
	command = in->len > 12 ? in->p[12] & 15 : COMMAND_PROXY;
	if (command != COMMAND_PROXY && command != COMMAND_LOCAL)
		return bad(err, "unknown command");
	family = in->len > 13 ? (unsigned char)in->p[13] >> 4 : 0;
	transport = in->len > 13 ? in->p[13] & 15 : 0;
	if (family >= FAMILIES || transport >= TRANSPORTS)
		return bad(err, "unknown family or transport");
	if (in->len < HEAD)
		return PROXYHDR_MORE;
	len = take_u16(in->p + 14);
	block = command == COMMAND_LOCAL || transport != STREAM ?
	    0 :
	    blocks[family];
	if (len < block)
		return bad(err, "too short for its addresses");
	if (in->len < HEAD + block)
		return PROXYHDR_MORE;
	if (block > 0 && families[family] != ADDR_NONE)
		set_ends(hdr, families[family], in->p + HEAD);
	str_skip(in, HEAD);
	hdr->rest = len > in->len ? len - in->len : 0;
	str_skip(in, len - hdr->rest);
	return PROXYHDR_OK;
}

enum proxyhdr_result
proxyhdr_take(struct proxyhdr *hdr, struct str *in, struct err *err)
{
	const struct str start = STR("PROXY ");
	enum proxyhdr_result result;
	struct str rest = *in;

	*hdr = (struct proxyhdr){ 0 };
	/* Speak up at the first wrong byte: there may never be a line. */
	if (str_starts(start, str_sub(rest, 0, start.len)))
		result = take_line(hdr, &rest, err);
	else if (str_starts(signature, str_sub(rest, 0, signature.len)))
		result = take_binary(hdr, &rest, err);
	else
		return bad(err, "the connection does not start with one");
	if (result == PROXYHDR_OK)
		*in = rest;
	else
		*hdr = (struct proxyhdr){ 0 };
	return result;
}
