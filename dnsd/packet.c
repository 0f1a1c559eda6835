#include "dnsd/packet.h"

#include "base/num.h"
#include "dnsd/name.h"

enum {
	HEADER = 12,
	RECORD_HEAD = 10, /* type, class, ttl, length */
	POINTER = 0xc0,
	JUMPS_MAX = 128,
	CLASS_IN = 1,
	RCODE_NONE = 0,
	RCODE_NO_NAME = 3,
	SOA_NUMBERS = 20, /* five of 32 bits behind the two names */
};

struct section {
	size_t at, count; /* where its records begin, how many */
};

struct reader {
	struct str packet;
	size_t at;
	struct arena *arena;
	struct section answers, authority;
};

struct record {
	char owner[DNS_NAME_MAX + 1];
	uint16_t type, class;
	uint32_t ttl;
	size_t data, data_len; /* in the packet */
};

static int
corrupt(struct err *err, const char *what)
{
	return err_set(err, ERR_CORRUPT, "DNS answer: %s", what);
}

/*
 * The name at *at as text into out (DNS_NAME_MAX + 1 bytes); *at moves past
 * it. Each pointer must lead to before the place where this run of labels
 * began, and there are no more of them than a name can have labels.
 */
static int
read_name(const struct reader *in, size_t *at, char *out, struct err *err)
{
	size_t pos = *at, begin = *at, wire = 1, len = 0;
	int jumps = 0;

	for (;;) {
		const unsigned char *p;
		unsigned label;

		if (pos >= in->packet.len)
			return corrupt(err, "name runs over the end");
		p = (const unsigned char *)in->packet.p + pos;
		label = *p;
		if (label >= POINTER) {
			if (pos + 2 > in->packet.len)
				return corrupt(err, "half a pointer");
			pos = num_get_u16(p) & 0x3fff;
			if (pos >= begin || jumps == JUMPS_MAX)
				return corrupt(err, "pointer not backwards");
			if (jumps++ == 0)
				*at = (size_t)((const char *)p - in->packet.p) +
				    2;
			begin = pos;
			continue;
		}
		if (label > 63)
			return corrupt(err, "unknown kind of label");
		if (pos + 1 + label > in->packet.len)
			return corrupt(err, "label runs over the end");
		pos += 1 + label;
		if (label == 0)
			break;
		wire += 1 + label;
		if (wire > NAME_WIRE_MAX)
			return corrupt(err, "name too long");
		if (len > 0)
			out[len++] = '.';
		for (unsigned i = 1; i <= label; i++)
			len += name_put_byte(out + len, p[i]);
	}
	out[len] = '\0';
	if (jumps == 0)
		*at = pos;
	return 0;
}

static int
read_record(struct reader *in, struct record *record, struct err *err)
{
	const char *p;

	if (read_name(in, &in->at, record->owner, err) < 0)
		return -1;
	if (in->packet.len - in->at < RECORD_HEAD)
		return corrupt(err, "record without a head");
	p = in->packet.p + in->at;
	record->type = num_get_u16(p);
	record->class = num_get_u16(p + 2);
	record->ttl = num_get_u32(p + 4);
	record->data_len = num_get_u16(p + 8);
	if (record->ttl > INT32_MAX) /* RFC 2181 section 8 */
		record->ttl = 0;
	record->data = in->at + RECORD_HEAD;
	if (in->packet.len - record->data < record->data_len)
		return corrupt(err, "record runs over the end");
	in->at = record->data + record->data_len;
	return 0;
}

/* Behind the question, note where the two sections are that we look at. */
static int
find_sections(struct reader *in, struct err *err)
{
	struct section *sections[] = { &in->answers, &in->authority };
	char name[DNS_NAME_MAX + 1];
	struct record record;
	unsigned questions;

	if (in->packet.len < HEADER)
		return corrupt(err, "no header");
	questions = num_get_u16(in->packet.p + 4);
	in->at = HEADER;
	for (; questions > 0; questions--) {
		if (read_name(in, &in->at, name, err) < 0)
			return -1;
		if (in->packet.len - in->at < 4)
			return corrupt(err, "half a question");
		in->at += 4;
	}
	for (size_t i = 0; i < 2; i++) {
		sections[i]->at = in->at;
		sections[i]->count = num_get_u16(in->packet.p + 6 + 2 * i);
		for (size_t n = 0; n < sections[i]->count; n++) {
			if (read_record(in, &record, err) < 0)
				return -1;
		}
	}
	return 0;
}

static bool
is_owner(const struct record *record, struct str name)
{
	return record->class == CLASS_IN &&
	    str_ieq(str_of(record->owner), name);
}

/*
 * Follow one alias: true when name has one, which is the new name then. A
 * record of the type asked for (CNAME itself, or where a careless server has
 * both) is no alias.
 */
static int
follow(struct reader *in, struct str *name, uint32_t *ttl, uint16_t type,
    struct err *err)
{
	char target[DNS_NAME_MAX + 1];
	struct record record;

	in->at = in->answers.at;
	for (size_t i = 0; i < in->answers.count; i++) {
		if (read_record(in, &record, err) < 0)
			return -1;
		if (!is_owner(&record, *name) || record.type != DNS_CNAME ||
		    record.type == type)
			continue;
		if (read_name(in, &record.data, target, err) < 0)
			return -1;
		*name = arena_str(in->arena, str_of(target));
		if (name->p == NULL)
			return err_set(err, ERR_LIMIT, "DNS answer too large");
		if (record.ttl < *ttl)
			*ttl = record.ttl;
		return 1;
	}
	return 0;
}

/* Character-strings (RFC 1035 section 3.3.14), as one. */
static int
read_text(struct reader *in, const struct record *record, struct str *out,
    struct err *err)
{
	const char *p = in->packet.p + record->data;
	size_t left = record->data_len, len = 0;
	char *text = arena_alloc(in->arena, left + 1);

	if (text == NULL)
		return err_set(err, ERR_LIMIT, "DNS answer too large");
	while (left > 0) {
		size_t piece = (unsigned char)*p;

		if (piece + 1 > left)
			return corrupt(err, "string runs over its record");
		memcpy(text + len, p + 1, piece);
		len += piece;
		p += piece + 1;
		left -= piece + 1;
	}
	*out = str_make(text, len);
	return 0;
}

static int
read_target(struct reader *in, size_t at, size_t end, struct str *out,
    struct err *err)
{
	char name[DNS_NAME_MAX + 1];

	if (at > end || read_name(in, &at, name, err) < 0 || at != end)
		return corrupt(err, "bad name in a record");
	*out = arena_str(in->arena, str_of(name));
	return out->p != NULL ? 0 :
				err_set(err, ERR_LIMIT, "DNS answer too large");
}

static int
read_data(struct reader *in, const struct record *record,
    struct dns_record *out, struct err *err)
{
	size_t at = record->data, end = record->data + record->data_len;

	switch (record->type) {
	case DNS_MX:
		if (record->data_len < 3)
			return corrupt(err, "MX too short");
		out->preference = num_get_u16(in->packet.p + at);
		return read_target(in, at + 2, end, &out->data, err);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return read_target(in, at, end, &out->data, err);
	case DNS_TXT:
		return read_text(in, record, &out->data, err);
	case DNS_A:
	case DNS_AAAA:
		if (record->data_len != (record->type == DNS_A ? 4 : 16))
			return corrupt(err, "address of another length");
		break;
	default:
		break;
	}
	out->data =
	    arena_str(in->arena, str_make(in->packet.p + at, record->data_len));
	return out->data.p != NULL ?
	    0 :
	    err_set(err, ERR_LIMIT, "DNS answer too large");
}

static int
read_records(struct reader *in, struct dns_answer *answer, uint16_t type,
    struct err *err)
{
	struct dns_record *items =
	    arena_calloc(in->arena, DNS_RECORDS_MAX, sizeof(*items));
	struct record record;

	if (items == NULL)
		return err_set(err, ERR_LIMIT, "DNS answer too large");
	answer->records.items = items;
	in->at = in->answers.at;
	for (size_t i = 0; i < in->answers.count; i++) {
		if (read_record(in, &record, err) < 0)
			return -1;
		if (!is_owner(&record, answer->name) || record.type != type ||
		    record.data_len > DNS_RDATA_MAX ||
		    answer->records.count == DNS_RECORDS_MAX)
			continue;
		if (read_data(in, &record, &items[answer->records.count], err) <
		    0)
			return -1;
		answer->records.count++;
		if (record.ttl < answer->ttl)
			answer->ttl = record.ttl;
	}
	return 0;
}

/* How long a "no" may be kept: RFC 2308 section 5. */
static int
read_negative_ttl(struct reader *in, struct dns_answer *answer, struct err *err)
{
	struct record record;
	uint32_t ttl = 0, minimum;

	in->at = in->authority.at;
	for (size_t i = 0; i < in->authority.count; i++) {
		if (read_record(in, &record, err) < 0)
			return -1;
		if (record.type != DNS_SOA || record.data_len < SOA_NUMBERS)
			continue;
		minimum = num_get_u32(
		    in->packet.p + record.data + record.data_len - 4);
		ttl = record.ttl < minimum ? record.ttl : minimum;
	}
	if (ttl < answer->ttl)
		answer->ttl = ttl;
	return 0;
}

int
packet_read(struct dns_answer *answer, struct str packet, struct str name,
    uint16_t type, struct arena *arena, struct err *err)
{
	struct reader in = { .packet = packet, .arena = arena };
	unsigned rcode;
	int more = 1;

	*answer = (struct dns_answer){ .name = name, .ttl = INT32_MAX };
	if (find_sections(&in, err) < 0)
		return -1;
	rcode = (unsigned char)packet.p[3] & 15;
	if (rcode != RCODE_NONE && rcode != RCODE_NO_NAME) {
		answer->status = DNS_TEMP;
		answer->ttl = 0;
		answer->reason =
		    str_of(arena_printf(arena, "response code %u", rcode));
		return 0;
	}
	for (int i = 0; more == 1; i++) {
		if (i == PACKET_ALIASES)
			return corrupt(err, "too many aliases");
		more = follow(&in, &answer->name, &answer->ttl, type, err);
	}
	if (more < 0 || read_records(&in, answer, type, err) < 0)
		return -1;
	if (answer->records.count > 0)
		return 0;
	answer->status = rcode == RCODE_NO_NAME ? DNS_NO_NAME : DNS_NO_DATA;
	return read_negative_ttl(&in, answer, err);
}
