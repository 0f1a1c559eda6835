#include "smtp/nexthop.h"

/* ":port" behind the brackets or the name, if there. */
static bool
take_port(struct str rest, uint16_t *port)
{
	if (rest.len == 0)
		return true;
	return str_take(&rest, ':') && addr_parse_port(rest, port) &&
	    *port != 0;
}

static bool
is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.p[i];

		/* UTF-8 is the resolver's to understand */
		if (!is_alpha((char)c) && !is_digit((char)c) && c < 128 &&
		    strchr("-_.", (char)c) == NULL)
			return false;
	}
	return name.len > 0 && name.p[0] != '.';
}

static void
lower_copy(char out[NEXTHOP_SIZE], struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		out[i] = lower(text.p[i]);
	out[text.len] = '\0';
}

/* The address in brackets, with or without the "IPv6:" of RFC 5321. */
static void
take_address(struct nexthop *hop, struct str text)
{
	struct err ignored;

	(void)str_itake_str(&text, STR("IPv6:"));
	if (addr_parse_ip(&hop->addr, text, &ignored) < 0)
		hop->addr = (struct addr){ 0 };
	hop->addr.port = hop->port;
}

int
nexthop_parse(struct nexthop *hop, struct str text, uint16_t port,
    struct err *err)
{
	struct str host, rest = text;
	ptrdiff_t end;

	*hop = (struct nexthop){ .port = port };
	if (text.len >= NEXTHOP_SIZE)
		return err_set(err, ERR_LIMIT, "next hop too long");
	hop->is_host = str_take(&rest, '[');
	end = str_chr(rest, hop->is_host ? ']' : ':');
	if (hop->is_host && end < 0)
		return err_set(err, ERR_SYNTAX, "next hop: ] expected");
	host = str_sub(rest, 0, end < 0 ? rest.len : (size_t)end);
	str_skip(&rest, host.len);
	if (hop->is_host)
		str_skip(&rest, 1);
	if (!take_port(rest, &hop->port))
		return err_set(err, ERR_SYNTAX, "next hop: bad port");
	if (hop->is_host)
		take_address(hop, host);
	if (hop->addr.family == ADDR_NONE && str_ends(host, STR(".")))
		host.len--;
	if (hop->addr.family == ADDR_NONE && !is_name(host))
		return err_set(err, ERR_SYNTAX, "next hop: bad name");
	lower_copy(hop->key, text);
	lower_copy(hop->host, host);
	return 0;
}
