#include "qmgr/words.h"

#include "base/log.h"

enum { HOST_MAX = 320, TEXT_MAX = 500 };

/* "[name=" value "] ", the brackets inside value being balanced */
static bool
take_value(struct str *in, const char *name, struct str *value)
{
	struct str rest = *in;
	int depth = 1;

	if (!str_take(&rest, '[') || !str_take_str(&rest, str_of(name)) ||
	    !str_take(&rest, '='))
		return false;
	for (size_t i = 0; i < rest.len && i < HOST_MAX; i++) {
		if (rest.p[i] == '[')
			depth++;
		if (rest.p[i] != ']' || --depth > 0)
			continue;
		*value = str_sub(rest, 0, i);
		str_skip(&rest, i + 1);
		if (!str_take(&rest, ' ') && rest.len > 0)
			return false;
		*in = rest;
		return true;
	}
	return false;
}

static bool
take_flag(struct str *in, const char *word)
{
	struct str rest = *in;

	if (!str_take_str(&rest, str_of(word)) ||
	    (!str_take(&rest, ' ') && rest.len > 0))
		return false;
	*in = rest;
	return true;
}

/* 3DIGIT ":" command */
static void
take_said(struct words *words, struct str *in)
{
	struct str value, rest = *in;

	if (!take_value(&rest, "said", &value) || value.len < 5 ||
	    value.len > 16 || value.p[3] != ':')
		return;
	for (size_t i = 0; i < 3; i++) {
		if (!is_digit(value.p[i]))
			return;
	}
	words->said_code = (value.p[0] - '0') * 100 + (value.p[1] - '0') * 10 +
	    (value.p[2] - '0');
	words->said_to = str_sub(value, 4, value.len);
	*in = rest;
}

void
words_take(struct words *words, struct str text)
{
	*words = (struct words){ .site = take_flag(&text, "[site]") };
	words->dsn = take_flag(&text, "[dsn]");
	if (!take_value(&text, "relay", &words->relay))
		words->relay = str_of("");
	words->said_to = str_of("");
	take_said(words, &text);
	words->text = text;
}

/* As Postfix names them. */
static const char *
command_name(struct str said_to)
{
	static const struct {
		const char *word, *name;
	} names[] = {
		{ "MAIL", "MAIL FROM command" },
		{ "RCPT", "RCPT TO command" },
		{ "DATA", "DATA command" },
		{ "BDAT", "BDAT command" },
		{ "EHLO", "EHLO command" },
		{ "HELO", "HELO command" },
		{ "AUTH", "AUTH command" },
		{ "STARTTLS", "STARTTLS command" },
		{ "end", "end of DATA command" },
		{ "greeting", "greeting" },
	};

	for (size_t i = 0; i < NELEMS(names); i++) {
		if (str_eqz(said_to, names[i].word))
			return names[i].name;
	}
	return "command";
}

/* "mx.example.org[192.0.2.1]" of "mx.example.org[192.0.2.1]:25" */
static struct str
without_port(struct str relay)
{
	size_t at = relay.len;

	while (at > 0 && is_digit(relay.p[at - 1]))
		at--;
	if (at > 1 && at < relay.len && relay.p[at - 1] == ':')
		return str_sub(relay, 0, at - 1);
	return relay;
}

void
words_tell(struct buf *out, const struct words *words, int code,
    const char *status)
{
	char host[HOST_MAX + 8], text[TEXT_MAX];
	const char *blank = status[0] == '\0' ? "" : " ";

	log_escape(text, sizeof(text), words->text);
	if (words->said_code == 0 || words->relay.len == 0) {
		if (code > 0)
			(void)buf_addf(out, "%d %s%s%s", code, status, blank,
			    text);
		else
			(void)buf_addz(out, text);
		return;
	}
	log_escape(host, sizeof(host), without_port(words->relay));
	(void)buf_addf(out, "host %s said: %d %s%s%s (in reply to %s)", host,
	    words->said_code, status, blank, text,
	    command_name(words->said_to));
}

void
words_untell(struct str told, struct str *host, struct str *diagnostic)
{
	struct str rest = told, name;
	ptrdiff_t said, reply;

	*host = str_of("");
	*diagnostic = told;
	if (!str_take_str(&rest, str_of("host ")))
		return;
	said = str_find(rest, str_of(" said: "));
	if (said < 0)
		return;
	name = str_sub(rest, 0, (size_t)said);
	str_skip(&rest, (size_t)said + strlen(" said: "));
	for (reply = -1;;) { /* the last: the text is a stranger's */
		size_t from = (size_t)(reply + 1);
		ptrdiff_t next = str_find(str_sub(rest, from, rest.len),
		    str_of(" (in reply to "));

		if (next < 0)
			break;
		reply = (ptrdiff_t)from + next;
	}
	if (reply >= 0)
		rest = str_sub(rest, 0, (size_t)reply);
	if (str_chr(name, '[') >= 0)
		name = str_sub(name, 0, (size_t)str_chr(name, '['));
	*host = name;
	*diagnostic = rest;
}
