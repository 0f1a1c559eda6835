/*
 * Checks that look something up in a table, by Postfix's order of keys.
 */
#include "dnsc/dnsc.h"
#include "smtpd/check.h"

enum { VALUE_MAX = 2000, SERVERS_MAX = 30 };

/* 1 found, 0 not, -1 trouble. */
static int
look(struct dict *table, struct str key, struct buf *out, struct err *err)
{
	buf_reset(out);
	if (dict_lookup(table, key, out, err) == 0)
		return 1;
	return err->kind == ERR_NOENT ? 0 : -1;
}

/* Parts of a key make no sense to patterns, which see the whole. */
int
check_table_domain(struct dict *table, struct str name, struct buf *out,
    struct err *err)
{
	int ret = look(table, name, out, err);
	struct str label;

	while (ret == 0 && !dict_is_whole(table) && str_chr(name, '.') >= 0) {
		(void)str_split(&name, '.', &label);
		ret = name.len == 0 ? 0 : look(table, name, out, err);
	}
	return ret;
}

/* 192.0.2.1, 192.0.2, 192.0, 192; by colons for IPv6. */
int
check_table_address(struct dict *table, struct str address, struct buf *out,
    struct err *err)
{
	char dot = str_chr(address, ':') >= 0 ? ':' : '.';
	int ret = look(table, address, out, err);
	ptrdiff_t at;

	while (ret == 0 && !dict_is_whole(table) &&
	    (at = str_rchr(address, dot)) > 0) {
		address.len = (size_t)at;
		ret = look(table, address, out, err);
	}
	return ret;
}

static int
look_client(struct access_run *run, struct dict *table, struct str name,
    struct buf *out, struct err *err)
{
	int ret = check_table_domain(table, name, out, err);

	if (ret != 0)
		return ret;
	return check_table_address(table, run->s->facts.client_addr, out, err);
}

/* "user+detail@domain" without the detail; "" where there is none. */
static struct str
without_detail(struct access_run *run, const struct smtp_path *path)
{
	const char *delimiter = run->s->conf->delimiter;
	ptrdiff_t at =
	    *delimiter == '\0' ? -1 : str_chr(path->local, *delimiter);
	const char *text;

	if (at <= 0)
		return STR("");
	text = arena_printf(run->s->line, "%.*s@%" STR_F, (int)at,
	    path->local.p, STR_A(path->domain));
	return text == NULL ? STR("") : str_of(text);
}

/* user+x@domain, user@domain, domain and its parents, user+x@, user@ */
static int
look_address(struct access_run *run, struct dict *table,
    const struct smtp_path *path, struct buf *out, struct err *err)
{
	struct str plain = without_detail(run, path);
	int ret = look(table, path->address, out, err);

	if (ret == 0 && plain.len > 0)
		ret = look(table, plain, out, err);
	if (dict_is_whole(table) || path->domain.len == 0)
		return ret;
	if (ret == 0)
		ret = check_table_domain(table, path->domain, out, err);
	if (ret == 0)
		ret = look(table,
		    str_sub(path->address, 0,
			path->address.len - path->domain.len),
		    out, err);
	if (ret == 0 && plain.len > 0)
		ret = look(table,
		    str_sub(plain, 0, plain.len - path->domain.len), out, err);
	return ret;
}

static int
look_subject(struct access_run *run, const struct access_step *step,
    struct str value, struct buf *out, struct err *err)
{
	struct session *s = run->s;

	switch (step->rule->subject) {
	case SUBJECT_CLIENT:
		return look_client(run, step->table, value, out, err);
	case SUBJECT_SENDER:
		if (value.len == 0)
			return look(step->table, str_of(s->conf->null_key), out,
			    err);
		return look_address(run, step->table, &s->t.sender, out, err);
	case SUBJECT_RCPT:
		return look_address(run, step->table, &run->rcpt->path, out,
		    err);
	case SUBJECT_USER:
		return look(step->table, value, out, err);
	default:
		return check_table_domain(step->table, value, out, err);
	}
}

enum access_verdict
check_table(struct access_run *run, const struct access_step *step)
{
	enum access_subject subject = step->rule->subject;
	enum access_verdict verdict = ACCESS_DUNNO;
	struct str value;
	struct buf out;
	struct err err;
	int found;

	if (!access_value(run, subject, &value))
		return ACCESS_DUNNO;
	buf_init(&out, VALUE_MAX);
	found = look_subject(run, step, value, &out, &err);
	if (found < 0)
		verdict = access_trouble(run, subject, &err);
	else if (found > 0)
		verdict = action_run(run, step, subject, buf_str(&out));
	buf_clear(&out);
	return verdict;
}

/* The first address of a host that is in the table. */
static int
look_host_addresses(struct access_run *run, struct dict *table, struct str host,
    struct buf *out, struct err *err)
{
	static const struct {
		uint16_t type;
		enum addr_family family;
		size_t len;
	} kinds[] = { { DNS_A, ADDR_IPV4, 4 }, { DNS_AAAA, ADDR_IPV6, 16 } };
	struct dns_answer answer;
	int ret = 0;

	for (size_t k = 0; ret == 0 && k < NELEMS(kinds); k++) {
		struct dns_record *record;

		check_dns(run, host, kinds[k].type, &answer);
		record = answer.records.items;
		for (size_t i = 0; ret == 0 && i < answer.records.count; i++) {
			struct addr addr = { .family = kinds[k].family };
			char text[ADDR_IP_SIZE];

			if (record[i].data.len != kinds[k].len)
				continue;
			memcpy(addr.ip, record[i].data.p, kinds[k].len);
			ret = check_table_address(table,
			    str_of(addr_format_ip(text, &addr)), out, err);
		}
	}
	return ret;
}

/* The hosts that serve a domain in this respect; of NS, the nearest zone's. */
static void
find_servers(struct access_run *run, struct str domain, uint16_t type,
    struct dns_answer *answer)
{
	struct str label;

	check_dns(run, domain, type, answer);
	while (type == DNS_NS && answer->records.count == 0 &&
	    str_chr(domain, '.') >= 0) {
		(void)str_split(&domain, '.', &label);
		check_dns(run, domain, type, answer);
	}
}

static int
look_servers(struct access_run *run, const struct access_step *step,
    struct str domain, struct buf *out, struct err *err)
{
	struct dns_record *record;
	struct dns_answer answer;
	int ret = 0;

	if (step->rule->detail == DNS_A)
		return look_host_addresses(run, step->table, domain, out, err);
	find_servers(run, domain, (uint16_t)step->rule->detail, &answer);
	record = answer.records.items;
	if (answer.status == DNS_NO_DATA && step->rule->detail == DNS_MX) {
		/* its own: RFC 5321 section 5.1 */
		ret = check_table_domain(step->table, domain, out, err);
		return ret != 0 ?
		    ret :
		    look_host_addresses(run, step->table, domain, out, err);
	}
	for (size_t i = 0;
	     ret == 0 && i < answer.records.count && i < SERVERS_MAX; i++) {
		if (record[i].data.len == 0)
			continue;
		ret = check_table_domain(step->table, record[i].data, out, err);
		if (ret == 0)
			ret = look_host_addresses(run, step->table,
			    record[i].data, out, err);
	}
	return ret;
}

enum access_verdict
check_server(struct access_run *run, const struct access_step *step)
{
	enum access_subject subject = step->rule->subject;
	struct str domain = access_domain(run, subject);
	enum access_verdict verdict = ACCESS_DUNNO;
	struct addr addr;
	struct buf out;
	struct err err;
	int found;

	if (domain.len == 0 || dnsc_literal(domain, &addr))
		return ACCESS_DUNNO;
	buf_init(&out, VALUE_MAX);
	found = look_servers(run, step, domain, &out, &err);
	if (found < 0)
		verdict = access_trouble(run, subject, &err);
	else if (found > 0)
		verdict = action_run(run, step, subject, buf_str(&out));
	buf_clear(&out);
	/* Whose servers are known may still be anybody. */
	return verdict == ACCESS_OK ? ACCESS_DUNNO : verdict;
}
