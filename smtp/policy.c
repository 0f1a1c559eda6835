#include "smtp/policy.h"

#include <stdio.h>

#include "base/log.h"
#include "smtp/site.h"

static const char *const levels[] = { "none", "may", "encrypt", "verify",
	"secure" };

static bool
is_between(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ':' || c == '\n' ||
	    c == '\r';
}

static bool
take_word(struct str *in, struct str *word)
{
	while (in->len > 0 && is_between(in->p[0]))
		str_skip(in, 1);
	*word = str_make(in->p, 0);
	while (in->len > 0 && !is_between(in->p[0])) {
		word->len++;
		str_skip(in, 1);
	}
	return word->len > 0;
}

static int
take_level(struct tls_policy *policy, struct str word)
{
	for (size_t i = 0; i < NELEMS(levels); i++) {
		if (str_ieqz(word, levels[i])) {
			policy->level = (enum smtp_tls_level)i;
			return 0;
		}
	}
	return -1;
}

int
policy_parse(struct tls_policy *policy, struct str value, struct err *err)
{
	struct str rest = str_trim(value), word;

	*policy = (struct tls_policy){ 0 };
	(void)str_split(&rest, ' ', &word);
	if (take_level(policy, word) < 0)
		return err_set(err, ERR_SYNTAX, "TLS level: \"%" STR_F "\"",
		    STR_A(word));
	rest = str_trim(rest);
	while (str_split(&rest, ' ', &word)) {
		size_t len = strlen(policy->match);

		if (word.len == 0)
			continue;
		if (!str_itake_str(&word, STR("match=")) || word.len == 0)
			return err_set(err, ERR_SYNTAX,
			    "TLS attribute: \"%" STR_F "\"", STR_A(word));
		if (len + word.len + 2 > sizeof(policy->match))
			return err_set(err, ERR_LIMIT, "TLS match too long");
		(void)snprintf(policy->match + len, sizeof(policy->match) - len,
		    " %" STR_F, STR_A(word));
	}
	return 0;
}

/* The next hop as written, its host, then the domains above it. */
static int
look_up(const struct smtp *smtp, const struct nexthop *hop, struct buf *value,
    struct err *err)
{
	struct dict_list *maps = (struct dict_list *)&smtp->tls_policy;
	struct str name = str_of(hop->host);
	ptrdiff_t dot;

	if (dict_list_lookup(maps, str_of(hop->key), value, err) == 0)
		return 0;
	if (err->kind != ERR_NOENT)
		return -1;
	while (dict_list_lookup(maps, name, value, err) < 0) {
		if (err->kind != ERR_NOENT || hop->is_host)
			return -1;
		if (name.len > 0 && name.p[0] == '.')
			str_skip(&name, 1);
		if ((dot = str_chr(name, '.')) < 0)
			return -1;
		str_skip(&name, (size_t)dot); /* ".example.com" */
	}
	return 0;
}

int
policy_find(struct tls_policy *policy, const struct smtp *smtp,
    const struct nexthop *hop, struct answer *answer)
{
	struct buf value;
	struct err err = { 0 };
	int ret = 0;

	*policy = (struct tls_policy){
		.level = (enum smtp_tls_level)smtp->conf.tls_level
	};
	if (smtp->tls_policy.len > 0) {
		buf_init(&value, POLICY_MATCH);
		if (look_up(smtp, hop, &value, &err) == 0)
			ret = policy_parse(policy, buf_str(&value), &err);
		else if (err.kind != ERR_NOENT)
			ret = -1;
		buf_clear(&value);
	}
	if (ret < 0) {
		log_warn("warning: TLS policy of %s: %s", hop->key, err.text);
		return answer_set(answer, 451, "4.7.5",
		    "client TLS configuration problem");
	}
	if (policy->match[0] == '\0')
		(void)snprintf(policy->match, sizeof(policy->match), "%s",
		    policy->level == SMTP_TLS_SECURE ?
			smtp->conf.tls_secure_match :
			smtp->conf.tls_verify_match);
	return 0;
}

/* Postfix's words for names that the connection has. */
static bool
matches(const struct site *site, const struct nexthop *hop, struct str word)
{
	char name[NEXTHOP_SIZE + 1];

	if (str_ieqz(word, "nexthop"))
		(void)snprintf(name, sizeof(name), "%s", hop->host);
	else if (str_ieqz(word, "dot-nexthop"))
		(void)snprintf(name, sizeof(name), ".%s", hop->host);
	else if (str_ieqz(word, "hostname"))
		(void)snprintf(name, sizeof(name), "%s", site->host.name);
	else if (word.len < sizeof(name))
		(void)snprintf(name, sizeof(name), "%" STR_F, STR_A(word));
	else
		return false;
	return tls_client_matches(&site->wire.tls, name);
}

static bool
is_expected(const struct tls_policy *policy, const struct site *site,
    const struct nexthop *hop)
{
	struct str rest = str_of(policy->match), word;

	while (take_word(&rest, &word)) {
		if (matches(site, hop, word))
			return true;
	}
	return false;
}

int
policy_check(const struct tls_policy *policy, const struct site *site,
    const struct nexthop *hop, struct answer *answer)
{
	bool must = policy->level >= SMTP_TLS_VERIFY;
	struct tls_facts facts;
	struct tls_peer peer;
	bool right;

	tls_client_peer(&peer, &site->wire.tls);
	tls_get_facts(&facts, &site->wire.tls);
	right = must && peer.is_trusted && is_expected(policy, site, hop);
	if (site->smtp->conf.tls_loglevel > 0)
		log_info("%s TLS connection established to %s: %s with "
			 "cipher %s (%u/%u bits)",
		    right               ? "Verified" :
			peer.is_trusted ? "Trusted" :
			peer.has_cert   ? "Untrusted" :
					  "Anonymous",
		    site->relay, facts.version, facts.cipher, facts.bits,
		    facts.bits);
	smtp_count(site->smtp, SMTP_TLS, 1);
	if (facts.resumed)
		smtp_count(site->smtp, SMTP_RESUMED, 1);
	if (!must || right)
		return 0;
	if (!peer.is_trusted)
		return answer_set(answer, 451, "4.7.5",
		    "Server certificate not trusted: %s", peer.reason);
	return answer_set(answer, 451, "4.7.5",
	    "Server certificate not verified: no name of it is expected");
}
