/*
 * Checks of names, by how they look and whether the DNS has them.
 */
#include "dnsc/dnsc.h"
#include "smtpd/check.h"

enum { LABEL_MAX = 63, NAME_MAX_LEN = 255 };

/* A label of letters, digits, "-" (not at its ends) and "_". */
static bool
is_label(struct str label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.p[i];

		if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* Not of numbers alone, as an address is. */
static bool
is_valid(struct str name)
{
	bool numeric = true;
	struct str label;

	if (name.len == 0 || name.len > NAME_MAX_LEN ||
	    name.p[name.len - 1] == '.')
		return false;
	while (name.len > 0) {
		(void)str_split(&name, '.', &label);
		if (!is_label(label))
			return false;
		for (size_t i = 0; i < label.len; i++)
			numeric = numeric && is_digit(label.p[i]);
	}
	return !numeric;
}

bool
check_is_hostname(struct str name)
{
	return is_valid(name) && str_chr(name, '.') > 0;
}

static bool
is_literal(struct str name)
{
	struct addr addr;

	return name.len > 2 && name.p[0] == '[' && dnsc_literal(name, &addr);
}

enum access_verdict
check_helo_invalid(struct access_run *run, const struct access_step *step)
{
	struct str name = access_domain(run, SUBJECT_HELO);
	struct addr addr;

	(void)step;
	/* An address without brackets is wrong but no lie. */
	if (name.len == 0 || is_valid(name) || dnsc_literal(name, &addr))
		return ACCESS_DUNNO;
	return access_reject(run, SUBJECT_HELO,
	    run->s->conf->codes.invalid_hostname, "5.5.2", "Invalid name");
}

enum access_verdict
check_fqdn_helo(struct access_run *run, const struct access_step *step)
{
	struct str name = access_domain(run, SUBJECT_HELO);

	(void)step;
	if (name.len == 0 || check_is_hostname(name) || is_literal(name))
		return ACCESS_DUNNO;
	return access_reject(run, SUBJECT_HELO, run->s->conf->codes.non_fqdn,
	    "5.5.2", "need fully-qualified hostname");
}

enum access_verdict
check_fqdn_address(struct access_run *run, const struct access_step *step)
{
	enum access_subject subject = step->rule->subject;
	struct str value, domain = access_domain(run, subject);

	/* The null sender and "postmaster" need none. */
	if (!access_value(run, subject, &value) || domain.len == 0 ||
	    check_is_hostname(domain) || is_literal(domain))
		return ACCESS_DUNNO;
	return access_reject(run, subject, run->s->conf->codes.non_fqdn,
	    "5.5.2", "need fully-qualified address");
}

static enum access_verdict
refuse_client(struct access_run *run, enum dns_status status, const char *which)
{
	int code = run->s->conf->codes.unknown_client;

	if (status == DNS_FOUND)
		return ACCESS_DUNNO;
	if (status == DNS_TEMP || status == DNS_BOGUS)
		code = 450;
	return access_reject(run, SUBJECT_CLIENT, code, "4.7.1",
	    "cannot find your %s, [%" STR_F "]", which,
	    STR_A(run->s->facts.client_addr));
}

enum access_verdict
check_client_name(struct access_run *run, const struct access_step *step)
{
	(void)step;
	return refuse_client(run, run->s->facts.name_status, "hostname");
}

enum access_verdict
check_reverse_name(struct access_run *run, const struct access_step *step)
{
	(void)step;
	return refuse_client(run, run->s->facts.reverse_status,
	    "reverse hostname");
}

/* Has the name any of these types? The best answer of all. */
static enum dns_status
look_up(struct access_run *run, struct str name, const uint16_t *types,
    struct dns_answer *answer)
{
	enum dns_status worst = DNS_NO_NAME;

	for (; *types != 0; types++) {
		check_dns(run, name, *types, answer);
		if (answer->status == DNS_FOUND)
			return DNS_FOUND;
		if (answer->status == DNS_TEMP || answer->status == DNS_BOGUS)
			worst = DNS_TEMP;
		if (answer->status == DNS_NO_NAME)
			break; /* the others are not there either */
	}
	return worst;
}

enum access_verdict
check_helo_unknown(struct access_run *run, const struct access_step *step)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_MX, 0 };
	struct str name = access_domain(run, SUBJECT_HELO);
	struct dns_answer answer;

	(void)step;
	if (name.len == 0 || is_literal(name))
		return ACCESS_DUNNO;
	switch (look_up(run, name, types, &answer)) {
	case DNS_FOUND:
		return ACCESS_DUNNO;
	case DNS_TEMP:
		return access_defer_if_permit(run, SUBJECT_HELO, 450, "4.7.1",
		    "Host not found, try again later");
	default:
		return access_reject(run, SUBJECT_HELO,
		    run->s->conf->codes.unknown_hostname, "4.7.1",
		    "Host not found");
	}
}

static bool
is_null_mx(const struct dns_answer *answer)
{
	const struct dns_record *record = answer->records.items;

	return answer->records.count == 1 && record[0].data.len == 0;
}

/* Is the address of a domain of ours? -1: trouble. */
static int
is_ours(struct access_run *run, enum access_subject subject, struct err *err)
{
	struct access_rcpt sender = { .path = run->s->t.sender };
	struct access_rcpt *asked =
	    subject == SUBJECT_RCPT ? run->rcpt : &sender;

	if (access_rcpt_ask(run->s, asked) == 0)
		return asked->answer.status != REWRITE_FOREIGN;
	*err = asked->err;
	return -1;
}

enum access_verdict
check_domain_unknown(struct access_run *run, const struct access_step *step)
{
	static const uint16_t hosts[] = { DNS_A, DNS_AAAA, 0 };
	enum access_subject subject = step->rule->subject;
	struct str domain = access_domain(run, subject);
	bool is_rcpt = subject == SUBJECT_RCPT;
	struct dns_answer answer;
	enum dns_status status;
	struct err err;
	int ours;

	if (domain.len == 0 || is_literal(domain))
		return ACCESS_DUNNO;
	if ((ours = is_ours(run, subject, &err)) != 0)
		return ours > 0 ? ACCESS_DUNNO :
				  access_trouble(run, subject, &err);
	check_dns(run, domain, DNS_MX, &answer);
	status = answer.status;
	if (status == DNS_FOUND && is_null_mx(&answer)) /* RFC 7505 */
		return access_reject(run, subject, is_rcpt ? 556 : 550,
		    is_rcpt ? "5.1.10" : "5.7.27",
		    "Domain %" STR_F " does not accept mail (nullMX)",
		    STR_A(domain));
	if (status == DNS_NO_DATA)
		status = look_up(run, domain, hosts, &answer);
	if (status == DNS_FOUND)
		return ACCESS_DUNNO;
	if (status == DNS_TEMP || status == DNS_BOGUS)
		return access_defer_if_permit(run, subject, 450,
		    is_rcpt ? "4.1.2" : "4.1.8", "Domain not found");
	return access_reject(run, subject, run->s->conf->codes.unknown_address,
	    is_rcpt ? "4.1.2" : "4.1.8", "Domain not found");
}
