#include "net/proxyhdr.h"

#include "net/line.h"

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

enum proxyhdr_result
proxyhdr_take(struct proxyhdr *hdr, struct str *in, struct err *err)
{
	const struct str start = STR("PROXY ");
	struct str rest = *in, line;
	enum proxyhdr_result result;

	*hdr = (struct proxyhdr){ 0 };
	/* Speak up at the first wrong byte: there may never be a line. */
	if (!str_starts(start, str_sub(rest, 0, start.len)))
		return bad(err, "the connection does not start with one");
	switch (line_take(&rest, PROXYHDR_MAX - 2, &line)) {
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
	result = parse_line(hdr, line, err);
	if (result == PROXYHDR_OK)
		*in = rest;
	else
		*hdr = (struct proxyhdr){ 0 };
	return result;
}
