#include "smtpproto/ehlo.h"

#include "base/attr.h"
#include "base/num.h"

static const struct {
	const char *keyword;
	enum smtp_ext ext;
} keywords[] = {
	{ "PIPELINING", SMTP_EXT_PIPELINING },
	{ "8BITMIME", SMTP_EXT_8BITMIME },
	{ "SIZE", SMTP_EXT_SIZE },
	{ "STARTTLS", SMTP_EXT_STARTTLS },
	{ "SMTPUTF8", SMTP_EXT_SMTPUTF8 },
	{ "DSN", SMTP_EXT_DSN },
	{ "CHUNKING", SMTP_EXT_CHUNKING },
	{ "BINARYMIME", SMTP_EXT_BINARYMIME },
	{ "AUTH", SMTP_EXT_AUTH },
	{ "ENHANCEDSTATUSCODES", SMTP_EXT_ENHANCED },
};

/* The next run of bytes that are none of the separators. */
static bool
take_word(struct str *in, const char *separators, struct str *word)
{
	while (in->len > 0 && strchr(separators, in->p[0]) != NULL &&
	    in->p[0] != '\0')
		str_skip(in, 1);
	*word = str_make(in->p, 0);
	while (in->len > 0 &&
	    (in->p[0] == '\0' || strchr(separators, in->p[0]) == NULL)) {
		word->len++;
		str_skip(in, 1);
	}
	return word->len > 0;
}

/* sasl-mech = 1*20mech-char (RFC 4422 section 3.1) */
static bool
is_mechanism(struct str word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (!is_alpha(word.p[i]) && !is_digit(word.p[i]) &&
		    word.p[i] != '-' && word.p[i] != '_')
			return false;
	}
	return word.len > 0 && word.len <= 20;
}

static void
take_mechanisms(struct smtp_ehlo *ehlo, struct str words)
{
	size_t len = strlen(ehlo->auth);
	struct str word;

	while (take_word(&words, " \t=", &word)) {
		if (!is_mechanism(word) ||
		    str_list_has(str_of(ehlo->auth), word))
			continue;
		if (len + word.len + 2 > sizeof(ehlo->auth))
			return;
		if (len > 0)
			ehlo->auth[len++] = ' ';
		for (size_t i = 0; i < word.len; i++)
			ehlo->auth[len++] = upper(word.p[i]);
		ehlo->auth[len] = '\0';
	}
}

static void
take_keyword(struct smtp_ehlo *ehlo, struct str word, struct str words)
{
	uint64_t size;

	for (size_t i = 0; i < NELEMS(keywords); i++) {
		if (!str_ieqz(word, keywords[i].keyword))
			continue;
		ehlo->ext |= keywords[i].ext;
		if (keywords[i].ext == SMTP_EXT_AUTH)
			take_mechanisms(ehlo, words);
		if (keywords[i].ext == SMTP_EXT_SIZE &&
		    num_parse(str_trim(words), UINT64_MAX, &size))
			ehlo->size = size;
	}
}

void
smtp_ehlo_parse(struct smtp_ehlo *ehlo, struct str text, struct str ignored)
{
	struct str line, word;

	*ehlo = (struct smtp_ehlo){ 0 };
	(void)str_split(&text, '\n', &line); /* the server's name */
	while (str_split(&text, '\n', &line)) {
		if (take_word(&line, " \t=", &word) &&
		    !str_list_has(ignored, word))
			take_keyword(ehlo, word, line);
	}
}
