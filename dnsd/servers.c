#include "dnsd/servers.h"

#include <stdio.h>

#include "net/addr.h"

enum { DNS_PORT = 53 };

static int
add(struct servers *servers, struct str word, struct err *err)
{
	ptrdiff_t at = str_rchr(word, '@');
	struct str ip = at < 0 ? word : str_sub(word, 0, (size_t)at);
	char text[ADDR_IP_SIZE];
	uint16_t port = DNS_PORT;
	struct addr addr;
	struct err why;

	if (addr_parse_ip(&addr, ip, &why) < 0)
		return err_set(err, ERR_SYNTAX,
		    "\"%" STR_F "\" is not an IP address", STR_A(ip));
	if (at >= 0 &&
	    (!addr_parse_port(str_sub(word, (size_t)at + 1, word.len), &port) ||
		port == 0))
		return err_set(err, ERR_SYNTAX, "bad port in \"%" STR_F "\"",
		    STR_A(word));
	if (servers->count == SERVERS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d servers",
		    SERVERS_MAX);
	(void)snprintf(servers->text[servers->count++], SERVERS_TEXT_MAX,
	    "%s@%u", addr_format_ip(text, &addr), port);
	return 0;
}

int
servers_parse(struct servers *servers, struct str value, struct err *err)
{
	struct str word;

	*servers = (struct servers){ 0 };
	if (str_eqz(str_trim(value), "recursive"))
		return 0;
	while (str_take_word(&value, &word)) {
		if (add(servers, word, err) < 0)
			return -1;
	}
	return 0;
}

void
servers_parse_resolv(struct servers *servers, struct str text)
{
	struct str line, word;
	struct err unused;

	*servers = (struct servers){ 0 };
	while (text.len > 0 && str_split(&text, '\n', &line)) {
		if (str_take_word(&line, &word) &&
		    str_eqz(word, "nameserver") && str_take_word(&line, &word))
			(void)add(servers, word, &unused);
	}
}

bool
servers_next_anchor(struct str *text, struct str *record)
{
	struct str line;
	ptrdiff_t comment;

	while (text->len > 0 && str_split(text, '\n', &line)) {
		comment = str_chr(line, ';');
		if (comment >= 0)
			line.len = (size_t)comment;
		*record = str_trim(line);
		if (record->len > 0)
			return true;
	}
	return false;
}
