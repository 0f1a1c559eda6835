/*
 * Checks that ask lists in the DNS: of addresses (RFC 5782) and of domains.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/num.h"
#include "dnsc/dnsc.h"
#include "smtpd/check.h"

enum { REASON_MAX = 300 };

/* number / "[" number [".." number] *(";" number [".." number]) "]" */
static bool
octet_matches(struct str *pattern, unsigned octet, bool *matches)
{
	uint64_t from, to;
	bool in_brackets = str_take(pattern, '[');

	*matches = false;
	do {
		if (!num_take(pattern, 255, &from))
			return false;
		to = from;
		if (in_brackets && str_take_str(pattern, STR("..")) &&
		    !num_take(pattern, 255, &to))
			return false;
		if (from <= octet && octet <= to)
			*matches = true;
	} while (in_brackets && str_take(pattern, ';'));
	return !in_brackets || str_take(pattern, ']');
}

/* Does an answer match "127.0.0.[2;4..7]"? A pattern that is none: no. */
static bool
answer_matches(struct str pattern, const struct dns_record *record)
{
	bool matches;

	if (record->data.len != 4)
		return false;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && !str_take(&pattern, '.'))
			return false;
		if (!octet_matches(&pattern, (unsigned char)record->data.p[i],
			&matches) ||
		    !matches)
			return false;
	}
	return pattern.len == 0;
}

/*
 * Is what (an address backwards, or a name) in the list? full becomes the
 * name that was asked for. A list that does not answer lists nobody.
 */
static bool
is_listed(struct access_run *run, struct str what, const char *argument,
    const char **full)
{
	struct str domain, filter = str_of(argument);
	struct dns_record *record;
	struct dns_answer answer;

	(void)str_split(&filter, '=', &domain);
	*full = arena_printf(run->s->line, "%" STR_F ".%" STR_F, STR_A(what),
	    STR_A(domain));
	if (*full == NULL)
		return false;
	check_dns(run, str_of(*full), DNS_A, &answer);
	if (answer.status == DNS_TEMP || answer.status == DNS_BOGUS)
		log_warn("warning: %s: list lookup error: %" STR_F, *full,
		    STR_A(answer.reason));
	if (answer.status != DNS_FOUND)
		return false;
	record = answer.records.items;
	for (size_t i = 0; i < answer.records.count; i++) {
		if (filter.len == 0 || answer_matches(filter, &record[i]))
			return true;
	}
	return false;
}

/* What strangers wrote, as it can stand in an answer. */
static struct str
one_line(struct access_run *run, struct str text)
{
	char *copy = arena_cstr(run->s->line, str_sub(text, 0, REASON_MAX));

	for (char *at = copy; at != NULL && *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = ' ';
	}
	return copy == NULL ? STR("") : str_of(copy);
}

/* "Service unavailable; Client host [192.0.2.1] blocked using list; why" */
static enum access_verdict
refuse(struct access_run *run, const char *class, struct str what,
    const char *argument, const char *full)
{
	struct str domain, rest = str_of(argument), why = STR("");
	struct dns_record *record;
	struct dns_answer answer;

	(void)str_split(&rest, '=', &domain);
	check_dns(run, str_of(full), DNS_TXT, &answer);
	if (answer.status == DNS_FOUND) {
		record = answer.records.items;
		why = one_line(run, record[0].data);
	}
	return access_reject_plain(run, run->s->conf->codes.maps_rbl, "5.7.1",
	    "Service unavailable; %s [%" STR_F "] blocked using %" STR_F
	    "%s%" STR_F,
	    class, STR_A(what), STR_A(domain), why.len > 0 ? "; " : "",
	    STR_A(why));
}

static bool
client_listed(struct access_run *run, const struct access_step *step,
    const char **full)
{
	char reverse[DNSC_REVERSE_SIZE];
	struct addr addr;
	struct err err;

	if (addr_parse_ip(&addr, run->s->facts.client_addr, &err) < 0)
		return false;
	return is_listed(run, str_of(dnsc_reverse(reverse, &addr)),
	    step->argument, full);
}

enum access_verdict
check_rbl_client(struct access_run *run, const struct access_step *step)
{
	const char *full;

	if (!client_listed(run, step, &full))
		return ACCESS_DUNNO;
	return refuse(run, "Client host", run->s->facts.client_addr,
	    step->argument, full);
}

enum access_verdict
check_dnswl(struct access_run *run, const struct access_step *step)
{
	const char *full;

	return client_listed(run, step, &full) ? ACCESS_OK : ACCESS_DUNNO;
}

enum access_verdict
check_rhsbl(struct access_run *run, const struct access_step *step)
{
	static const char *const classes[] = {
		[SUBJECT_CLIENT] = "Client host",
		[SUBJECT_REVERSE] = "Unverified Client host",
		[SUBJECT_HELO] = "Helo command",
		[SUBJECT_SENDER] = "Sender address",
		[SUBJECT_RCPT] = "Recipient address",
	};
	enum access_subject subject = step->rule->subject;
	struct str domain = access_domain(run, subject), value;
	const char *full;

	if (!check_is_hostname(domain) ||
	    !is_listed(run, domain, step->argument, &full))
		return ACCESS_DUNNO;
	(void)access_value(run, subject, &value);
	return refuse(run, classes[subject], value, step->argument, full);
}
